//! Answers that are no success, in NetBox's words.

use serde_json::{Map, Value, json};

/// A refusal: status and body.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) body: Value,
    /// The entity tag a failed precondition tells.
    pub(crate) etag: Option<String>,
}

/// What is wrong with the fields of one object.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Errors(Map<String, Value>);

impl Refusal {
    pub(crate) fn new(status: u16, body: Value) -> Self {
        Self { status, body, etag: None }
    }

    pub(crate) fn detail(status: u16, text: impl Into<String>) -> Self {
        Self::new(status, json!({ "detail": text.into() }))
    }

    /// A page of HTML, as a server or proxy answers what is no API call.
    pub(crate) fn page(status: u16, title: &str) -> Self {
        let page = format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n  <head>\n    <title>{title} | NetBox</title>\n  </head>\n  <body>\n    <h1>{title}</h1>\n  </body>\n</html>\n"
        );
        Self::new(status, Value::String(page))
    }

    pub(crate) fn forbidden() -> Self {
        Self::detail(403, "You do not have permission to perform this action.")
    }

    pub(crate) fn gone(schema: &str) -> Self {
        Self::detail(404, format!("No {schema} matches the given query."))
    }

    pub(crate) fn not_allowed(method: &str) -> Self {
        Self::detail(405, format!("Method \"{method}\" not allowed."))
    }

    /// One field's error.
    pub(crate) fn field(field: &str, text: impl Into<String>) -> Self {
        Self::new(400, json!({ field: [text.into()] }))
    }

    /// What NetBox has and the stand-in lacks.
    pub(crate) fn not_served(what: &str) -> Self {
        Self::detail(501, format!("the NetBox stand-in does not serve {what}"))
    }

    pub(crate) fn exhausted() -> Self {
        Self::detail(409, "Insufficient resources are available to satisfy the request")
    }

    pub(crate) fn is_page(&self) -> bool {
        self.body.is_string()
    }
}

impl Errors {
    pub(crate) fn add(&mut self, field: &str, text: impl Into<String>) {
        let list = self.0.entry(field).or_insert_with(|| json!([]));
        if let Some(list) = list.as_array_mut() {
            list.push(Value::String(text.into()));
        }
    }

    pub(crate) fn put(&mut self, field: &str, value: Value) {
        self.0.insert(field.to_owned(), value);
    }

    pub(crate) fn refuse(self) -> Result<(), Refusal> {
        if self.0.is_empty() { Ok(()) } else { Err(Refusal::new(400, Value::Object(self.0))) }
    }
}
