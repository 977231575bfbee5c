//! Fields of an object.

use super::{Availability, Shape};

/// One field.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// The attribute's name in Terraform.
    pub name: &'static str,
    /// The key on the wire.
    pub wire: &'static str,
    /// What it holds.
    pub shape: Shape,
    /// Who sets it.
    pub presence: Presence,
    /// Whether the server stores null for it. A text that is not nullable is empty instead.
    pub nullable: bool,
    /// What the server puts where the field is left out. Planned, and sent, so that removing the argument means it.
    pub default: Option<Literal>,
    /// Whether it cannot be changed on an object that exists.
    pub replace: bool,
    /// Whether it is a secret: never stored, never shown, written only.
    pub secret: bool,
    /// The versions that have it.
    pub available: Availability,
    /// One or two sentences of Markdown.
    pub description: &'static str,
}

/// Who sets a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Every object must be given one.
    Required,
    /// An object may be given one.
    Optional,
    /// The server alone decides it.
    ReadOnly,
}

/// A constant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Literal {
    /// A boolean.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A decimal, as text so that it is exact.
    Decimal(&'static str),
    /// A text.
    Text(&'static str),
}
