//! What can be wrong with a value or its encoding. No message repeats a value, which might be a secret.

use std::error::Error as StdError;
use std::fmt;

use thiserror::Error;

use crate::{NumberError, Path, Step, TypeError};

/// A value is not what its type asks, or has nothing at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueError {
    /// Where, from the root of the value.
    pub path: Path,
    /// What is wrong there.
    pub cause: ValueCause,
}

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ValueCause {
    /// A value of another kind than the type asks for.
    #[error("expected {expected}, found {found}")]
    Kind {
        /// The kind that the type asks for.
        expected: &'static str,
        /// The kind that is there.
        found: &'static str,
    },
    /// A tuple of another length than its type.
    #[error("expected {expected} elements, found {found}")]
    Length {
        /// The elements that the type has.
        expected: usize,
        /// The elements that are there.
        found: usize,
    },
    /// An object without an attribute of its type.
    #[error("attribute {0:?} is missing")]
    MissingAttribute(String),
    /// An object with an attribute that its type does not have.
    #[error("attribute {0:?} is not expected")]
    UnexpectedAttribute(String),
    /// A path that leads to nothing.
    #[error("there is nothing at this path")]
    NoSuchStep,
}

/// Bytes are not the encoding of a value of the type asked for, or a value cannot be encoded as that type.
#[derive(Debug)]
pub struct CodecError {
    /// Where, from the root of the value.
    pub path: Path,
    /// What is wrong there.
    pub cause: CodecCause,
}

/// What is wrong with an encoding.
#[derive(Debug, Error)]
pub enum CodecCause {
    /// The value is not what the type asks for.
    #[error(transparent)]
    Value(#[from] ValueCause),
    /// A number that is none, or one of absurd length.
    #[error(transparent)]
    Number(#[from] NumberError),
    /// The type beside a dynamic value.
    #[error("the type of a dynamic value: {0}")]
    Type(#[from] TypeError),
    /// Not JSON.
    #[error("not JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// The bytes end before the value does, or a length is claimed that the rest cannot hold.
    #[error("the input ends too early")]
    UnexpectedEnd,
    /// Bytes after the value.
    #[error("{0} bytes follow the value")]
    TrailingBytes(usize),
    /// The one byte that msgpack gives no meaning.
    #[error("a byte that msgpack reserves")]
    Reserved,
    /// A string or key that is not UTF-8.
    #[error("not UTF-8")]
    Utf8,
    /// More levels than [`MAX_DEPTH`](crate::MAX_DEPTH).
    #[error("nested more than {} levels deep", crate::MAX_DEPTH)]
    TooDeep,
    /// A string or collection longer than the format can say.
    #[error("too long for the format")]
    TooLong,
    /// A key twice in one map or object.
    #[error("key {0:?} occurs twice")]
    DuplicateKey(String),
    /// A refined unknown value whose refinements cannot be read.
    #[error("malformed refinements of an unknown value")]
    Refinements,
    /// An unknown value where the format cannot express one.
    #[error("unknown values cannot be written as JSON")]
    Unknown,
}

/// `path: cause`, or the cause alone at the root.
fn located(f: &mut fmt::Formatter<'_>, path: &Path, cause: &dyn fmt::Display) -> fmt::Result {
    if path.is_root() { write!(f, "{cause}") } else { write!(f, "{path}: {cause}") }
}

// === impl ValueError ===

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        located(f, &self.path, &self.cause)
    }
}

impl StdError for ValueError {}

impl From<ValueCause> for ValueError {
    fn from(cause: ValueCause) -> Self {
        Self { path: Path::root(), cause }
    }
}

// === impl CodecError ===

impl fmt::Display for CodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        located(f, &self.path, &self.cause)
    }
}

impl StdError for CodecError {
    // The cause is part of the message already: the chain goes on behind it.
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.source()
    }
}

impl<C: Into<CodecCause>> From<C> for CodecError {
    fn from(cause: C) -> Self {
        Self { path: Path::root(), cause: cause.into() }
    }
}

// === impl Under ===

/// Puts an error one step deeper. Paths are made on the way out of a failure, so that success does not pay.
pub(crate) trait Under {
    fn under(self, step: impl FnOnce() -> Step) -> Self;
}

fn deepen(path: &mut Path, step: Step) {
    *path = std::iter::once(step).chain(std::mem::take(path).into_steps()).collect();
}

impl<T> Under for Result<T, ValueError> {
    fn under(mut self, step: impl FnOnce() -> Step) -> Self {
        if let Err(error) = &mut self {
            deepen(&mut error.path, step());
        }
        self
    }
}

impl<T> Under for Result<T, CodecError> {
    fn under(mut self, step: impl FnOnce() -> Step) -> Self {
        if let Err(error) = &mut self {
            deepen(&mut error.path, step());
        }
        self
    }
}
