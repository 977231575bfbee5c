//! Kinds of objects.

#[cfg(doc)]
use super::Shape;
use super::{Availability, Field, Nature};

/// A kind of object that a server keeps.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// Type name of the resource without the provider's prefix, `netbox_site`.
    pub name: &'static str,
    /// Type name of the plural data source, `netbox_sites`.
    pub plural: &'static str,
    /// What one is called in a sentence, `site`.
    pub label: &'static str,
    /// Where it lives in the API, `dcim/sites`. Unique; references name it.
    pub path: &'static str,
    /// What the API calls the type, `dcim.site`.
    pub model: &'static str,
    /// Group in the documentation.
    pub subcategory: &'static str,
    /// What it is, in one to three sentences of Markdown.
    pub description: &'static str,
    /// The versions that have it.
    pub available: Availability,
    /// Its fields, required ones first.
    pub fields: &'static [Field],
    /// What singles one out beside its id, best first.
    pub keys: &'static [Key],
    /// Fields by which a plain text refers to one, best first: `slug`, `name`.
    pub lookup: &'static [&'static str],
    /// What lists can be filtered by.
    pub filters: &'static [Filter],
    /// Fields that are costly to read and never wanted.
    pub omit: &'static [&'static str],
    /// What else makes such objects by itself ("the device's type"), so that creating one may find it there.
    pub born_with: Option<&'static str>,
    /// What goes when one is deleted, or what stops it: a sentence for the documentation.
    pub deletion: Option<&'static str>,
    /// What one is known by, and what can be done with it.
    pub nature: Nature,
}

/// Fields that together single an object out.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// The fields. A part that is null counts as "has none".
    pub parts: &'static [KeyPart],
    /// Whether the server refuses a second object with the same key.
    pub enforced: bool,
}

/// One field of a key.
#[derive(Debug, Clone, Copy)]
pub struct KeyPart {
    /// The field's name in Terraform.
    pub field: &'static str,
    /// The filter that finds objects by it: `slug`, or `site_id` for a reference. For a [`Shape::Target`] it takes the
    /// id, and the filter named like the shape's `type_key` takes the type.
    pub filter: &'static str,
}

/// Something a list can be filtered by.
#[derive(Debug, Clone, Copy)]
pub struct Filter {
    /// The filter's name.
    pub name: &'static str,
    /// What may follow the name.
    pub suffixes: FilterSuffixes,
    /// The versions that have it.
    pub available: Availability,
}

/// What may follow a filter's name, as bits in the order of [`FilterSuffixes::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FilterSuffixes(pub u32);

impl FilterSuffixes {
    /// Every suffix, without the two underscores before it.
    pub const ALL: [&'static str; 16] = [
        "n", "ic", "nic", "ie", "nie", "isw", "nisw", "iew", "niew", "empty", "regex", "iregex", "lt", "lte",
        "gt", "gte",
    ];

    /// The suffixes.
    pub fn iter(self) -> impl Iterator<Item = &'static str> {
        Self::ALL
            .into_iter()
            .enumerate()
            .filter(move |(bit, _)| self.0 & (1 << bit) != 0)
            .map(|(_, suffix)| suffix)
    }
}

/// A resource that keeps some fields of an object which something else manages: an address that is primary, the
/// master of a stack. It exists where managing both in one place would be a circle.
#[derive(Debug, Clone, Copy)]
pub struct Setter {
    /// Type name of the resource without the provider's prefix.
    pub name: &'static str,
    /// Path of the kind whose fields are set.
    pub kind: &'static str,
    /// Attribute that names the object.
    pub object: &'static str,
    /// The fields, all optional references; at least one is set.
    pub fields: &'static [Field],
    /// What it is, in one to three sentences of Markdown.
    pub description: &'static str,
}

/// A resource that takes the next free object from a pool.
#[derive(Debug, Clone, Copy)]
pub struct Allocator {
    /// Type name of the resource without the provider's prefix.
    pub name: &'static str,
    /// Path of the kind of the objects taken.
    pub kind: &'static str,
    /// The pools, exactly one of which is named.
    pub parents: &'static [AllocatorParent],
    /// Fields of the kind that the server decides here.
    pub decided: &'static [&'static str],
    /// Fields that exist only in the request: the length of a prefix.
    pub request: &'static [Field],
    /// What it is, in one to three sentences of Markdown.
    pub description: &'static str,
}

/// A pool to take objects from.
#[derive(Debug, Clone, Copy)]
pub struct AllocatorParent {
    /// Attribute that names the pool, `prefix`.
    pub name: &'static str,
    /// Path of the pool's kind.
    pub kind: &'static str,
    /// Path below the pool that takes from it, `available-ips`.
    pub endpoint: &'static str,
}
