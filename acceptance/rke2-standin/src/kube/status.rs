//! Refusals as `Status` objects, with the reasons and sentences of
//! kubernetes/staging/src/k8s.io/apimachinery/pkg/api/errors.

use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde_json::{Value, json};

use super::store::StoreError;

/// What the API answers instead of an object.
#[derive(Debug, Clone)]
pub(crate) struct Status {
    pub(crate) code: u16,
    pub(crate) reason: &'static str,
    pub(crate) message: String,
    details: Value,
}

/// The result of everything the API does.
pub(crate) type ApiResult<T> = Result<T, Status>;

impl Status {
    /// A refusal without details.
    pub(crate) fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Status { code, reason, message: message.into(), details: Value::Null }
    }

    fn about(mut self, resource: &str, group: &str, name: &str) -> Self {
        let mut details = json!({ "name": name, "kind": resource });
        if !group.is_empty() {
            details["group"] = json!(group);
        }
        self.details = details;
        self
    }

    /// Adds causes to the details.
    pub(crate) fn with_causes(mut self, causes: Vec<Value>) -> Self {
        if !self.details.is_object() {
            self.details = json!({});
        }
        self.details["causes"] = Value::Array(causes);
        self
    }

    /// Adds the time after which to try again.
    pub(crate) fn retry_after(mut self, seconds: u32) -> Self {
        if !self.details.is_object() {
            self.details = json!({});
        }
        self.details["retryAfterSeconds"] = json!(seconds);
        self
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Status::new(400, "BadRequest", message)
    }

    pub(crate) fn unauthorized() -> Self {
        Status::new(401, "Unauthorized", "Unauthorized")
    }

    pub(crate) fn not_found(qualified: &str, name: &str) -> Self {
        let (resource, group) = qualified.split_once('.').unwrap_or((qualified, ""));
        Status::new(404, "NotFound", format!("{qualified} \"{name}\" not found")).about(resource, group, name)
    }

    /// The path names nothing the server knows.
    pub(crate) fn no_such_path() -> Self {
        Status::new(404, "NotFound", "the server could not find the requested resource")
    }

    pub(crate) fn already_exists(qualified: &str, name: &str) -> Self {
        let (resource, group) = qualified.split_once('.').unwrap_or((qualified, ""));
        Status::new(409, "AlreadyExists", format!("{qualified} \"{name}\" already exists"))
            .about(resource, group, name)
    }

    pub(crate) fn conflict(qualified: &str, name: &str, why: &str) -> Self {
        let (resource, group) = qualified.split_once('.').unwrap_or((qualified, ""));
        Status::new(
            409,
            "Conflict",
            format!("Operation cannot be fulfilled on {qualified} \"{name}\": {why}"),
        )
        .about(resource, group, name)
    }

    /// The object was changed since it was read.
    pub(crate) fn modified(qualified: &str, name: &str) -> Self {
        Status::conflict(
            qualified,
            name,
            "the object has been modified; please apply your changes to the latest version and try again",
        )
    }

    pub(crate) fn forbidden(qualified: &str, name: &str, why: &str) -> Self {
        let (resource, group) = qualified.split_once('.').unwrap_or((qualified, ""));
        let named = if name.is_empty() { qualified.to_owned() } else { format!("{qualified} \"{name}\"") };
        Status::new(403, "Forbidden", format!("{named} is forbidden: {why}")).about(resource, group, name)
    }

    pub(crate) fn invalid(kind: &str, name: &str, field: &str, why: &str) -> Self {
        Status::new(422, "Invalid", format!("{kind} \"{name}\" is invalid: {field}: {why}"))
            .about(kind, "", name)
            .with_causes(vec![json!({ "reason": "FieldValueInvalid", "message": why, "field": field })])
    }

    pub(crate) fn expired(message: impl Into<String>) -> Self {
        Status::new(410, "Expired", message)
    }

    pub(crate) fn internal(message: impl std::fmt::Display) -> Self {
        Status::new(500, "InternalError", format!("Internal error occurred: {message}"))
    }

    /// The `Status` object itself.
    pub(crate) fn object(&self) -> Value {
        let mut object = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": self.message, "reason": self.reason, "code": self.code,
        });
        if !self.details.is_null() {
            object["details"] = self.details.clone();
        }
        object
    }
}

impl From<StoreError> for Status {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict => {
                Status::new(409, "Conflict", "the object has been modified; please try again")
            }
            StoreError::Compacted => Status::expired(
                "The provided continue parameter is too old to display a consistent list result.",
            ),
            // etcd without a leader: the message as clients of the real server see it.
            StoreError::Unavailable(why) => Status::new(500, "InternalError", format!("etcdserver: {why}")),
        }
    }
}

impl IntoResponse for Status {
    fn into_response(self) -> Response {
        let code = StatusCode::from_u16(self.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = json_response(code, &self.object());
        if let Some(seconds) = self.details.get("retryAfterSeconds").and_then(Value::as_u64) {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

/// A JSON answer.
pub(crate) fn json_response(code: StatusCode, value: &Value) -> Response {
    (code, [(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}
