//! Failed calls in the catalogue's terms.

use catalogue::store::{Cause, Problem, StoreError};
use tf_framework::Diagnostics;

use crate::api::{ApiError, Kind, PropertyError};
use crate::errors;

/// What a failed write means.
#[allow(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
pub(super) fn of_write(error: ApiError) -> StoreError {
    if let ApiError::Refused(refusal) = &error {
        match refusal.kind {
            Kind::AlreadyExists => {
                return StoreError::Refused(vec![Problem {
                    path: Vec::new(),
                    message: refusal.fields.values().next().unwrap_or(&refusal.message).clone(),
                    cause: Cause::Duplicate,
                }]);
            }
            Kind::Modified => return StoreError::Changed,
            Kind::Invalid if !refusal.fields.is_empty() => {
                let problem = |(field, message): (&String, &String)| Problem {
                    path: vec![field.clone()],
                    message: message.trim().to_owned(),
                    cause: Cause::Other,
                };
                return StoreError::Refused(refusal.fields.iter().map(problem).collect());
            }
            _ => {}
        }
    }
    told(&error)
}

/// What a failed read means.
pub(super) fn told(error: &ApiError) -> StoreError {
    StoreError::Told(errors::failure("Proxmox VE refused", error))
}

/// A value that the wire cannot hold.
pub(super) fn unwritable(key: &str, error: &PropertyError) -> StoreError {
    StoreError::Refused(vec![Problem {
        path: vec![key.to_owned()],
        message: error.to_string(),
        cause: Cause::Other,
    }])
}

/// Something that the table and the server disagree about.
pub(super) fn odd(detail: impl Into<String>) -> StoreError {
    StoreError::Told(Diagnostics::error("Proxmox VE answers otherwise than it is known", detail))
}

/// Whether an answer to a read may mean that the object is not there. Proxmox VE says so in prose, and not always in
/// words that are known: the listing has the last word.
pub(super) fn may_be_missing(error: &ApiError) -> bool {
    matches!(
        error.kind(),
        Some(Kind::Missing | Kind::Invalid | Kind::Unclassified | Kind::Unsupported | Kind::CommandFailed)
    )
}
