//! What kinds of values a field may hold.

use super::{Availability, Field};

/// What a field holds, in Terraform and on the wire.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// `true` or `false`.
    Bool,
    /// A whole number within inclusive bounds.
    Integer {
        /// Least value.
        min: Option<i64>,
        /// Greatest value.
        max: Option<i64>,
    },
    /// A decimal number; bounds as text so that they are exact.
    Decimal {
        /// Least value.
        min: Option<&'static str>,
        /// Greatest value.
        max: Option<&'static str>,
        /// Most digits after the point that the server keeps.
        places: Option<u8>,
    },
    /// Text.
    Text {
        /// Least number of characters.
        min: Option<u32>,
        /// Greatest number of characters.
        max: Option<u32>,
        /// What the text must look like.
        format: Format,
    },
    /// One of a list of texts.
    Choice {
        /// The values the documents list.
        values: &'static [Choice],
    },
    /// One of a list of whole numbers.
    IntegerChoice {
        /// The values the documents list.
        values: &'static [i64],
    },
    /// Any JSON, written as text with `jsonencode`.
    Json,
    /// Another object: its id, its slug or name, or attributes that single it out.
    Reference {
        /// Path of the kind referred to. A few objects that the server alone makes have no kind: they are named by id
        /// or attributes only.
        target: &'static str,
    },
    /// A set of other objects. The wire takes ids only.
    References {
        /// Path of the kind referred to.
        target: &'static str,
    },
    /// One object of one of several kinds, on the wire a type and an id in two keys. [`Field::wire`] is the stem
    /// (`scope`): the keys are `type_key` and `id_key`.
    Target {
        /// Wire key that holds the type.
        type_key: &'static str,
        /// Wire key that holds the id.
        id_key: &'static str,
        /// The kinds.
        of: &'static [TargetChoice],
    },
    /// Several texts.
    Texts {
        /// Whether their order counts.
        ordered: bool,
        /// The values allowed; empty for any.
        values: &'static [Choice],
        /// What each text must look like.
        format: Format,
    },
    /// Several whole numbers.
    Integers {
        /// Whether their order counts.
        ordered: bool,
    },
    /// A list of pairs, on the wire arrays of two.
    Pairs {
        /// What the two are called in Terraform.
        names: [&'static str; 2],
        /// What they are.
        element: PairElement,
    },
    /// Several objects that live inside this one.
    Objects {
        /// Their fields, of plain shapes.
        fields: &'static [Field],
        /// Whether their order counts.
        ordered: bool,
    },
    /// One object that lives inside this one.
    Object {
        /// Its fields, of plain shapes.
        fields: &'static [Field],
    },
    /// Labels shared with others, named by slug: the configuration may hold all of them or only add some.
    Tags,
    /// Values under keys that the server's administrator has defined, each owned by whoever sets it.
    CustomFields,
    /// A file to upload, named by its path on the machine that runs Terraform.
    File,
}

/// One value of a choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    /// As it goes over the wire.
    pub value: &'static str,
    /// The versions that have it.
    pub available: Availability,
}

/// One kind of object that a generic relation may point to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TargetChoice {
    /// What it is called in Terraform, `site`.
    pub name: &'static str,
    /// Its type on the wire, `dcim.site`.
    pub model: &'static str,
    /// Path of the kind, `dcim/sites`.
    pub kind: &'static str,
    /// The versions that allow it.
    pub available: Availability,
}

/// What the two members of a pair are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PairElement {
    /// Texts.
    Text,
    /// Whole numbers.
    Integer,
}

/// What a text must look like, and when two texts mean the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// Anything; white space at both ends is cut off by the server.
    #[default]
    Plain,
    /// ASCII letters, digits, hyphens, underscores.
    Slug,
    /// Letters of any script, digits, hyphens, underscores.
    UnicodeSlug,
    /// ASCII letters in lower case, digits, underscores.
    Identifier,
    /// Letters of any script, digits, and `_ . @ + -`.
    Username,
    /// An IP address with or without a mask; without one the server puts /32 or /128.
    IpInterface,
    /// An IP network without host bits.
    IpNetwork,
    /// An IP address without a mask.
    IpAddress,
    /// A MAC address in any of the usual spellings; the server keeps upper case with colons.
    Mac,
    /// A World Wide Name in any of the usual spellings, kept like a MAC address.
    Wwn,
    /// A DNS name; the server keeps lower case.
    DnsName,
    /// A URL.
    Url,
    /// Six hexadecimal digits in lower case.
    Color,
    /// A day, `2026-11-21`.
    Date,
    /// A moment in RFC 3339.
    DateTime,
    /// A UUID.
    Uuid,
    /// An e-mail address.
    Email,
}
