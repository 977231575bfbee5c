//! The server, asked directly: what the provider believes is never taken for what is.

use std::collections::BTreeMap;

use reqwest::{Client, Method, StatusCode};
use serde_json::Value as Json;

/// A NetBox and the right to use it.
#[derive(Debug, Clone)]
pub struct Server {
    url: String,
    token: String,
    client: Client,
}

/// The server did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// No answer.
    #[error("{method} {path}: no answer")]
    Transport {
        /// Method.
        method: Method,
        /// Path below `/api/`.
        path: String,
        /// Why.
        #[source]
        source: reqwest::Error,
    },
    /// A refusal.
    #[error("{method} {path}: {status}: {body}")]
    Refused {
        /// Method.
        method: Method,
        /// Path below `/api/`.
        path: String,
        /// Status.
        status: StatusCode,
        /// What it said.
        body: String,
    },
}

impl Server {
    /// The server at an address.
    #[must_use]
    pub fn new(url: &str, token: &str) -> Self {
        let url = url.trim_end_matches('/').to_owned();
        Self { url, token: token.to_owned(), client: Client::new() }
    }

    /// Sends a request to a path below `/api/`; answers the body, null where there is none.
    ///
    /// # Errors
    /// There is no answer, or a refusal.
    pub async fn send(&self, method: Method, path: &str, body: Option<&Json>) -> Result<Json, ServerError> {
        let scheme = if self.token.starts_with("nbt_") { "Bearer" } else { "Token" };
        let mut request = self
            .client
            .request(method.clone(), format!("{}/api/{path}", self.url))
            .header("Authorization", format!("{scheme} {}", self.token))
            .header("Accept", "application/json");
        if let Some(body) = body {
            request = request.json(body);
        }
        let failed =
            |source| ServerError::Transport { method: method.clone(), path: path.to_owned(), source };
        let response = request.send().await.map_err(failed)?;
        let status = response.status();
        let text = response.text().await.map_err(failed)?;
        if !status.is_success() {
            return Err(ServerError::Refused { method, path: path.to_owned(), status, body: text });
        }
        Ok(serde_json::from_str(&text).unwrap_or(Json::Null))
    }

    /// Every object of a kind whose filters match, by id.
    ///
    /// # Errors
    /// There is no answer, or a refusal.
    pub async fn list(&self, kind: &str, query: &str) -> Result<BTreeMap<u64, Json>, ServerError> {
        let mut objects = BTreeMap::new();
        loop {
            let path = format!("{kind}/?limit=500&offset={}&{query}", objects.len());
            let page = self.send(Method::GET, &path, None).await?;
            let items = page["results"].as_array().cloned().unwrap_or_default();
            let more = !page["next"].is_null() && !items.is_empty();
            objects.extend(items.into_iter().filter_map(|item| Some((item["id"].as_u64()?, item))));
            if !more {
                return Ok(objects);
            }
        }
    }

    /// One object; `None` where it is gone.
    ///
    /// # Errors
    /// There is no answer, or a refusal.
    pub async fn get(&self, kind: &str, id: u64) -> Result<Option<Json>, ServerError> {
        match self.send(Method::GET, &format!("{kind}/{id}/"), None).await {
            Err(ServerError::Refused { status: StatusCode::NOT_FOUND, .. }) => Ok(None),
            other => other.map(Some),
        }
    }

    /// Changes an object.
    ///
    /// # Errors
    /// There is no answer, or a refusal.
    pub async fn patch(&self, kind: &str, id: u64, body: &Json) -> Result<Json, ServerError> {
        self.send(Method::PATCH, &format!("{kind}/{id}/"), Some(body)).await
    }

    /// Makes an object.
    ///
    /// # Errors
    /// There is no answer, or a refusal.
    pub async fn post(&self, kind: &str, body: &Json) -> Result<Json, ServerError> {
        self.send(Method::POST, &format!("{kind}/"), Some(body)).await
    }

    /// Deletes an object.
    ///
    /// # Errors
    /// There is no answer, or a refusal other than that it is gone.
    pub async fn delete(&self, kind: &str, id: u64) -> Result<(), ServerError> {
        match self.send(Method::DELETE, &format!("{kind}/{id}/"), None).await {
            Ok(_) | Err(ServerError::Refused { status: StatusCode::NOT_FOUND, .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
