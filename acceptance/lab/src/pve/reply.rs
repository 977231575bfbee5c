//! What a handler answers, and how it refuses.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// Data of a successful answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    /// The `data` member.
    pub(crate) data: Value,
    /// The `total` member, which only paged lists have.
    pub(crate) total: Option<usize>,
    /// The `changes` member, which only a node's network has.
    pub(crate) changes: Option<String>,
}

impl Answer {
    /// `{"data": null}`.
    pub(crate) fn null() -> Self {
        Value::Null.into()
    }

    /// A page of a list of `total` entries.
    pub(crate) fn page(data: Value, total: usize) -> Self {
        Self { total: Some(total), ..Self::from(data) }
    }

    /// The JSON body.
    pub(crate) fn body(&self) -> Value {
        let mut body = json!({ "data": self.data });
        if let Some(total) = self.total {
            body["total"] = json!(total);
        }
        if let Some(changes) = &self.changes {
            body["changes"] = json!(changes);
        }
        body
    }
}

impl<T: Into<Value>> From<T> for Answer {
    fn from(data: T) -> Self {
        Self { data: data.into(), total: None, changes: None }
    }
}

/// How the body of a refusal looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Body {
    /// `{"data": null, "message": …}`.
    Json,
    /// The text alone, without content type.
    Plain,
    /// Nothing: the status line says it all.
    Empty,
}

/// A refusal: an HTTP status whose reason phrase carries the text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) message: String,
    pub(crate) errors: BTreeMap<String, String>,
    body: Body,
}

/// Result of everything that may be refused.
pub(crate) type Outcome<T = Answer> = Result<T, Refusal>;

impl Refusal {
    fn new(status: u16, message: impl Into<String>, body: Body) -> Self {
        Self { status, message: message.into(), errors: BTreeMap::new(), body }
    }

    /// The most common one: a worker died with this text.
    pub(crate) fn died(message: impl Into<String>) -> Self {
        Self::new(500, message, Body::Json)
    }

    /// The same words under another status.
    pub(crate) fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// The same with a text for each of several fields.
    pub(crate) fn with_errors(self, errors: BTreeMap<String, String>) -> Self {
        Self { errors, ..self }
    }

    /// One parameter is wrong.
    pub(crate) fn param(name: &str, error: impl Into<String>) -> Self {
        Self::params([(name.to_owned(), error.into())].into())
    }

    /// Parameters are wrong: the only refusal that carries `errors`.
    pub(crate) fn params(errors: BTreeMap<String, String>) -> Self {
        Self { errors, ..Self::new(400, "Parameter verification failed.", Body::Json) }
    }

    /// Missing privileges; `detail` stands in brackets.
    pub(crate) fn forbidden(detail: &str) -> Self {
        let detail = if detail.is_empty() { String::new() } else { format!(" ({detail})") };
        Self::new(403, format!("Permission check failed{detail}"), Body::Json)
    }

    /// Not authenticated: no body.
    pub(crate) fn unauthorised(reason: &str) -> Self {
        Self::new(401, reason, Body::Empty)
    }

    /// A failed login, which unlike other 401 has a body.
    pub(crate) fn login_failed() -> Self {
        Self::new(401, "authentication failure", Body::Json)
    }

    /// A path or method the API does not have.
    pub(crate) fn not_implemented(method: &str, path: &str) -> Self {
        Self::new(501, format!("Method '{method} {path}' not implemented"), Body::Json)
    }

    /// A path the API has and this stand-in lacks; worded apart so that nobody takes it for the API's own answer.
    pub(crate) fn not_served(method: &str, path: &str) -> Self {
        Self::new(501, format!("the Proxmox VE stand-in does not serve '{method} {path}' yet"), Body::Json)
    }

    /// Refused by the HTTP server itself, before the API.
    pub(crate) fn http(status: u16, message: impl Into<String>) -> Self {
        Self::new(status, message, Body::Empty)
    }

    /// Refused by the HTTP server itself, with the text as body.
    pub(crate) fn plain(status: u16, message: impl Into<String>) -> Self {
        Self::new(status, message, Body::Plain)
    }

    /// The reason phrase: one line.
    pub(crate) fn reason(&self) -> &str {
        self.message.lines().next().unwrap_or_default()
    }

    /// Body text and whether it is JSON.
    pub(crate) fn body(&self) -> (String, bool) {
        match self.body {
            Body::Empty => (String::new(), false),
            Body::Plain => (self.message.clone(), false),
            Body::Json => {
                // Perl's `die` ends in a newline; the router's own 501 does not.
                let newline = if self.status == 501 { "" } else { "\n" };
                let mut body = json!({ "data": null, "message": format!("{}{newline}", self.message) });
                if !self.errors.is_empty() {
                    body["errors"] = json!(self.errors);
                }
                (body.to_string(), true)
            }
        }
    }

    /// The text as it ends a task.
    pub(crate) fn exit_text(&self) -> String {
        if self.errors.is_empty() {
            return self.message.trim_end().to_owned();
        }
        let details: Vec<String> =
            self.errors.iter().map(|(k, v)| format!("{k}: {}", v.trim_end())).collect();
        format!("{}  {}", self.message.trim_end(), details.join(" "))
    }
}
