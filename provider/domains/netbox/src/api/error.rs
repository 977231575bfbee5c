//! What a call can fail with.

use std::fmt;
use std::sync::Arc;

use transport_rest::{Interrupted, RestError};

use super::object::Etag;

/// A failed call. Holds no secret.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The server refuses what was sent (400), or the database does (a unique key taken by a parallel request).
    #[error(transparent)]
    Invalid(Arc<Invalid>),
    /// The token is not accepted, or none was sent.
    #[error("{call}: the server does not accept the token: {detail}{}", token_advice(.detail))]
    Unauthenticated {
        /// The call.
        call: Call,
        /// The server's words.
        detail: String,
    },
    /// The token's user may not do this.
    #[error(transparent)]
    Forbidden(Arc<Forbidden>),
    /// The object to be changed does not exist (any more), or the token's user may not see it.
    #[error("{call}: the object does not exist: {detail}")]
    Gone {
        /// The call.
        call: Call,
        /// The server's words.
        detail: String,
    },
    /// The object changed since the state named in `If-Match` (412).
    #[error("{call}: the object was changed by someone else since it was read")]
    Changed {
        /// The call.
        call: Call,
        /// The state it is in now, where the server tells.
        current: Option<Etag>,
    },
    /// The object cannot be deleted while others depend on it (409).
    #[error(transparent)]
    Blocked(Arc<Blocked>),
    /// The pool has not enough left (409).
    #[error("{call}: not enough is free: {detail}")]
    Exhausted {
        /// The call.
        call: Call,
        /// The server's words.
        detail: String,
    },
    /// What answered is not the API: a page, a redirect, half an answer.
    #[error(transparent)]
    NotTheApi(Arc<NotTheApi>),
    /// Another refusal or failure that the server stated.
    #[error(transparent)]
    Rejected(Arc<Rejected>),
    /// The call did not get an answer.
    #[error(transparent)]
    Transport(RestError),
    /// The caller stopped waiting.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
    /// The call cannot be made as asked.
    #[error("{0}")]
    Argument(String),
}

/// Which call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// `GET`.
    pub method: String,
    /// The path below the server's own, `/api/dcim/sites/5/`.
    pub path: String,
    /// The status of the answer.
    pub status: u16,
    /// How often it was tried.
    pub tries: u32,
}

/// A refusal of what was sent, field by field.
#[derive(Clone, Debug)]
pub struct Invalid {
    /// The call.
    pub call: Call,
    /// What is wrong where; at least one.
    pub faults: Vec<Fault>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where in the body; empty when it is about the object as a whole.
    pub path: Vec<PathStep>,
    /// What the server's words mean.
    pub kind: FaultKind,
    /// The server's words.
    pub message: String,
}

/// One step into a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathStep {
    /// A field.
    Field(String),
    /// An element of a list.
    Index(usize),
}

/// What a fault means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// A field that must be given is missing, null or blank.
    Missing,
    /// An object of the same key exists.
    Duplicate,
    /// A reference fits no object.
    ReferenceNotFound,
    /// A reference fits several objects.
    ReferenceAmbiguous,
    /// A reference names an attribute that objects of its kind do not have.
    ReferenceAttribute,
    /// A custom field that is not defined for objects of this kind.
    UnknownCustomField,
    /// A value that is none of the field's choices.
    InvalidChoice,
    /// Anything else.
    Other,
}

/// A lacking permission.
#[derive(Clone, Debug)]
pub struct Forbidden {
    /// The call.
    pub call: Call,
    /// The permission that such a call needs, `dcim.add_site`, as far as the path tells.
    pub permission: Option<String>,
    /// The server's words.
    pub detail: String,
}

/// A deletion that other objects prevent.
#[derive(Clone, Debug)]
pub struct Blocked {
    /// The call.
    pub call: Call,
    /// The objects in the way, as far as the server names them.
    pub blockers: Vec<Blocker>,
    /// The server's words.
    pub detail: String,
}

/// An object in the way of a deletion. The server does not tell its kind.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Blocker {
    /// How the server shows it.
    pub name: String,
    /// Its id.
    pub id: u64,
}

/// An answer that does not come from the API.
#[derive(Clone, Debug)]
pub struct NotTheApi {
    /// The call.
    pub call: Call,
    /// What came: `a page titled "Sign in"`, `half of an answer`.
    pub what: String,
    /// Its media type; empty when none was told.
    pub content_type: String,
    /// What to check.
    pub advice: &'static str,
    /// Whether the call may have taken effect.
    pub may_have_taken_effect: bool,
}

/// A stated failure that has no case of its own.
#[derive(Clone, Debug)]
pub struct Rejected {
    /// The call.
    pub call: Call,
    /// The server's words.
    pub detail: String,
    /// Whether the call may have taken effect.
    pub may_have_taken_effect: bool,
}

impl Error {
    /// The faults, when the server refused what was sent.
    pub fn faults(&self) -> &[Fault] {
        match self {
            Self::Invalid(invalid) => &invalid.faults,
            _ => &[],
        }
    }

    /// The call that failed, when the server answered it.
    pub fn call(&self) -> Option<&Call> {
        match self {
            Self::Invalid(invalid) => Some(&invalid.call),
            Self::Forbidden(forbidden) => Some(&forbidden.call),
            Self::Blocked(blocked) => Some(&blocked.call),
            Self::NotTheApi(page) => Some(&page.call),
            Self::Rejected(rejected) => Some(&rejected.call),
            Self::Unauthenticated { call, .. }
            | Self::Gone { call, .. }
            | Self::Changed { call, .. }
            | Self::Exhausted { call, .. } => Some(call),
            Self::Transport(_) | Self::Interrupted(_) | Self::Argument(_) => None,
        }
    }

    /// Whether an object of the same key exists.
    pub fn is_duplicate(&self) -> bool {
        self.faults().iter().any(|fault| fault.kind == FaultKind::Duplicate)
    }

    /// Whether the token's user may not do this.
    pub fn is_forbidden(&self) -> bool {
        matches!(self, Self::Forbidden(_))
    }

    /// Whether the object to be changed does not exist.
    pub fn is_gone(&self) -> bool {
        matches!(self, Self::Gone { .. })
    }

    /// Whether the caller's own budget ended the call.
    pub fn is_interrupted(&self) -> bool {
        match self {
            Self::Interrupted(_) => true,
            Self::Transport(error) => error.is_cancelled() || error.is_deadline_exceeded(),
            _ => false,
        }
    }

    /// Whether the call may have taken effect although it failed. After a failed creation of which this is true,
    /// look for what it may have made before trying again.
    pub fn may_have_taken_effect(&self) -> bool {
        match self {
            Self::NotTheApi(page) => page.may_have_taken_effect,
            Self::Rejected(rejected) => rejected.may_have_taken_effect,
            Self::Transport(error) => error.may_have_taken_effect(),
            _ => false,
        }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)?;
        match self.tries {
            0 | 1 => Ok(()),
            tries => write!(f, " (tried {tries} times)"),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.path.iter().enumerate() {
            match step {
                PathStep::Field(name) if index == 0 => f.write_str(name)?,
                PathStep::Field(name) => write!(f, ".{name}")?,
                PathStep::Index(number) => write!(f, "[{number}]")?,
            }
        }
        if !self.path.is_empty() {
            f.write_str(": ")?;
        }
        f.write_str(&self.message)
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: the server refuses what was sent", self.call)?;
        match self.faults.as_slice() {
            [only] => write!(f, ": {only}"),
            faults => faults.iter().try_for_each(|fault| write!(f, "\n  {fault}")),
        }
    }
}

impl fmt::Display for Forbidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.call, self.detail)?;
        if let Some(permission) = &self.permission {
            write!(f, " Such a call needs the permission {permission} on the object.")?;
        }
        if self.call.method != "GET" {
            f.write_str(" A token without the right to write gets the same answer.")?;
        }
        Ok(())
    }
}

impl fmt::Display for Blocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: other objects depend on it", self.call)?;
        if self.blockers.is_empty() {
            return write!(f, ": {}", self.detail);
        }
        self.blockers.iter().try_for_each(|blocker| write!(f, "\n  {} (id {})", blocker.name, blocker.id))
    }
}

impl fmt::Display for NotTheApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} answered {} with {}", self.call, self.call.status, self.what)?;
        if !self.content_type.is_empty() {
            write!(f, " ({})", self.content_type)?;
        }
        write!(f, ", which is not an answer of the NetBox API. {}", self.advice)
    }
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} answered {}: {}", self.call, self.call.status, self.detail)
    }
}

impl Rejected {
    /// Whether the database broke off the call in favour of another, and undid all of it.
    pub fn is_deadlock(&self) -> bool {
        self.detail.contains("deadlock detected")
    }
}

impl std::error::Error for Invalid {}
impl std::error::Error for Forbidden {}
impl std::error::Error for Blocked {}
impl std::error::Error for NotTheApi {}
impl std::error::Error for Rejected {}

/// What to do about a token, where the server's words do not say it.
fn token_advice(detail: &str) -> &'static str {
    if detail.contains("not provided") {
        ". No token was sent, or something between here and the server removed it"
    } else {
        ""
    }
}
