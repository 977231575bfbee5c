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
    /// Whether the server stores null for it. A text that is not nullable is empty instead. A [`Shape::Choice`] may
    /// be emptied either way where this is set, and an empty text is what every version takes.
    pub nullable: bool,
    /// What the server puts where the field is left out and derived from no other. Planned, and sent, so that removing the argument means it.
    pub default: Option<Literal>,
    /// Whether it cannot be changed on an object that exists.
    pub replace: bool,
    /// Whether it is a secret: never stored, never shown, written only.
    pub secret: bool,
    /// Whether the server takes it and never shows it, without its being a secret: what was sent is what is known.
    pub unread: bool,
    /// The versions that have it, among those that have what it belongs to.
    pub available: Availability,
    /// One or two sentences of Markdown.
    pub description: &'static str,
}

/// Who sets a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Every object must be given one. Where it is nullable too, leaving it out means null, and null must be sent.
    Required,
    /// Every object must be given one on servers of these versions; on others it may be left out or does not exist.
    RequiredIn(Availability),
    /// An object may be given one.
    Optional,
    /// An object may be given one. Where it is not, and any of these other fields is set, the server derives it from
    /// them, and what it derived stands. With no field named, the server always has something of its own to put.
    OptionalComputed(&'static [&'static str]),
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
