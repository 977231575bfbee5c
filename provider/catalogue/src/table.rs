//! A table of kinds, with what is looked up in it all the time.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::description::{Allocator, Field, Format, Kind, Presence, Setter, Shape};

/// The name of a kind by the address of another provider and the name of its type.
pub type Predecessor = fn(&str, &str) -> Option<String>;

/// Everything that is described.
#[derive(Debug)]
pub struct Table {
    kinds: &'static [&'static Kind],
    setters: &'static [Setter],
    allocators: &'static [Allocator],
    tags: Option<&'static str>,
    custom_fields: Option<&'static str>,
    predecessor: Option<Predecessor>,
    by_path: OnceLock<HashMap<&'static str, &'static Kind>>,
}

impl Table {
    /// A table of these kinds, setters and allocators.
    #[must_use]
    pub const fn new(
        kinds: &'static [&'static Kind],
        setters: &'static [Setter],
        allocators: &'static [Allocator],
    ) -> Self {
        Self {
            kinds,
            setters,
            allocators,
            tags: None,
            custom_fields: None,
            predecessor: None,
            by_path: OnceLock::new(),
        }
    }

    /// Names the kinds, by path, whose objects are tags and definitions of custom fields.
    #[must_use]
    pub const fn labelled_by(mut self, tags: &'static str, custom_fields: &'static str) -> Self {
        self.tags = Some(tags);
        self.custom_fields = Some(custom_fields);
        self
    }

    /// Names what other providers call the objects, so that `moved` blocks can take their state over.
    #[must_use]
    pub const fn preceded_by(mut self, predecessor: Predecessor) -> Self {
        self.predecessor = Some(predecessor);
        self
    }

    /// The name of the kind that an object of another provider's type is.
    #[must_use]
    pub fn successor(&self, provider: &str, type_name: &str) -> Option<String> {
        self.predecessor.and_then(|name| name(provider, type_name))
    }

    /// The kind whose objects are tags.
    #[must_use]
    pub fn tag_kind(&self) -> Option<&'static Kind> {
        self.kind(self.tags?)
    }

    /// The kind whose objects are definitions of custom fields.
    #[must_use]
    pub fn custom_field_kind(&self) -> Option<&'static Kind> {
        self.kind(self.custom_fields?)
    }

    /// The kinds.
    #[must_use]
    pub fn kinds(&self) -> &'static [&'static Kind] {
        self.kinds
    }

    /// The setters.
    #[must_use]
    pub fn setters(&self) -> &'static [Setter] {
        self.setters
    }

    /// The allocators.
    #[must_use]
    pub fn allocators(&self) -> &'static [Allocator] {
        self.allocators
    }

    /// The kind that lives at a path.
    #[must_use]
    pub fn kind(&self, path: &str) -> Option<&'static Kind> {
        let index = || self.kinds.iter().map(|kind| (kind.path, *kind)).collect();
        self.by_path.get_or_init(index).get(path).copied()
    }

    /// Fields by which a plain text refers to an object of the kind at a path, best first.
    #[must_use]
    pub fn lookup(&self, path: &str) -> &'static [&'static str] {
        self.kind(path).map_or(&[], |kind| kind.lookup)
    }
}

impl Kind {
    /// The field of this name in Terraform.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The field that a key on the wire belongs to.
    #[must_use]
    pub fn field_on_wire(&self, key: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| match field.shape {
            Shape::Target { type_key, id_key, .. } => key == type_key || key == id_key || key == field.wire,
            _ => field.wire == key,
        })
    }

    /// The field whose text a slug is made from where the configuration gives none: the server makes no slugs.
    #[must_use]
    pub fn slug_source(&self, field: &Field) -> Option<&'static Field> {
        let is_slug = matches!(field.shape, Shape::Text { format: Format::Slug | Format::UnicodeSlug, .. });
        if !is_slug || field.name != "slug" || field.presence != Presence::Required {
            return None;
        }
        ["name", "model"].into_iter().find_map(|name| self.field(name))
    }

    /// Whether objects of the kind carry tags.
    #[must_use]
    pub fn tags(&self) -> Option<&'static Field> {
        self.fields.iter().find(|field| matches!(field.shape, Shape::Tags))
    }

    /// Whether objects of the kind carry custom fields.
    #[must_use]
    pub fn custom_fields(&self) -> Option<&'static Field> {
        self.fields.iter().find(|field| matches!(field.shape, Shape::CustomFields))
    }
}
