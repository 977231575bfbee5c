//! API tokens of users, and what they may do.

use serde::Deserialize;
use serde_json::Value;

use transport_rest::{Budget, Form, Path, Request, Secret};

use super::client::Client;
use super::codec::lenient;
use super::error::ApiError;

/// A token to be made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewToken {
    /// Whose token, with the realm.
    pub user: String,
    /// Its name among the user's.
    pub name: String,
    /// Whether it has permissions of its own instead of the user's.
    pub privsep: bool,
    /// When it expires, in seconds since the epoch.
    pub expire: u64,
    /// A comment.
    pub comment: String,
}

/// A token in a list.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct TokenEntry {
    /// Its name among the user's.
    #[serde(deserialize_with = "lenient::text")]
    pub tokenid: String,
    /// When it expires, in seconds since the epoch; 0 for never.
    #[serde(default, deserialize_with = "lenient::u64")]
    pub expire: u64,
    /// Its comment.
    #[serde(default, deserialize_with = "lenient::text")]
    pub comment: String,
}

#[derive(Deserialize)]
struct Made {
    value: String,
}

/// A permission of a token: a role on a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRole<'a> {
    /// The token, `user@realm!name`.
    pub token: &'a str,
    /// The path.
    pub path: &'a str,
    /// The role.
    pub role: &'a str,
    /// Whether it holds below the path, too.
    pub propagate: bool,
}

fn tokens_path(user: &str) -> Path {
    Path::from(["access", "users", user, "token"])
}

impl Client {
    /// Makes a token; answers its secret, which is never shown again.
    ///
    /// # Errors
    /// [`ApiError`]; [`super::Kind::AlreadyExists`] when the name is taken.
    pub async fn create_token(&self, token: &NewToken, budget: &Budget) -> Result<Secret, ApiError> {
        let form = Form::new()
            .flag("privsep", token.privsep)
            .number("expire", token.expire)
            .text("comment", &token.comment);
        let path = tokens_path(&token.user).join(&token.name);
        let made: Made = self.write(Request::post(path).form(form), budget).await?;
        Ok(Secret::new(made.value))
    }

    /// Changes when a token expires.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn extend_token(
        &self,
        user: &str,
        name: &str,
        expire: u64,
        budget: &Budget,
    ) -> Result<(), ApiError> {
        let request = Request::put(tokens_path(user).join(name)).form(Form::new().number("expire", expire));
        self.write::<Option<Value>>(request.idempotent(), budget).await.map(drop)
    }

    /// Deletes a token. One that is absent counts as deleted.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn delete_token(&self, user: &str, name: &str, budget: &Budget) -> Result<(), ApiError> {
        let request = Request::delete(tokens_path(user).join(name)).idempotent();
        match self.write::<Option<Value>>(request, budget).await {
            Err(error) if error.is_missing() => Ok(()),
            deleted => deleted.map(drop),
        }
    }

    /// A user's tokens.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn tokens(&self, user: &str, budget: &Budget) -> Result<Vec<TokenEntry>, ApiError> {
        self.read(tokens_path(user), budget).await
    }

    /// Gives a token a role on a path.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn grant_token(&self, role: &TokenRole<'_>, budget: &Budget) -> Result<(), ApiError> {
        let form = acl(role).flag("propagate", role.propagate);
        self.write::<Option<Value>>(Request::put(["access", "acl"]).form(form).idempotent(), budget)
            .await
            .map(drop)
    }

    /// Takes a role on a path from a token.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn revoke_token(&self, role: &TokenRole<'_>, budget: &Budget) -> Result<(), ApiError> {
        let form = acl(role).flag("delete", true);
        self.write::<Option<Value>>(Request::put(["access", "acl"]).form(form).idempotent(), budget)
            .await
            .map(drop)
    }
}

fn acl(role: &TokenRole<'_>) -> Form {
    Form::new().text("path", role.path).text("roles", role.role).text("tokens", role.token)
}
