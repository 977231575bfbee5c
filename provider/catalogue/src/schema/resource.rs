//! Schemas of managed resources.

use tf_framework::schema::{Attribute, Attributes, Block, Presence as Who, Schema, Validator};
use tf_framework::{AttributeType, Timeouts};
use tf_value::{Type, Value};

use super::attribute;
use crate::description::{Field, Identity, Kind, Literal, Presence, Shape};
use crate::json;

/// What a schema is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Users, documentation, Terraform.
    Shown,
    /// Our own planning: what the engine settles itself has no other meaning than what it is set to.
    Planning,
}

/// The schema of a kind's resource.
#[must_use]
pub fn resource_schema(kind: &Kind, purpose: Purpose) -> Schema {
    let mut block = Block::new(described(kind));
    block.attributes = resource_attributes(kind, purpose, |_| true);
    block.attributes.extend(common(kind));
    Schema::new(block)
}

fn described(kind: &Kind) -> String {
    let mut text = kind.description.to_owned();
    if kind.nature.standing {
        text.push_str(
            " It is always there: what is not configured is left as it is, and removing the resource puts back what it \
             had set.",
        );
    }
    if let Some(deletion) = kind.deletion {
        text.push(' ');
        text.push_str(deletion);
    }
    if let Some(versions) = kind.available.describe() {
        text.push_str(&format!(" Versions of the server that have it: {versions}."));
    }
    text.push_str(&format!("\n\nImported by {}.", crate::object::import_forms(kind)));
    text
}

/// The attributes of a kind's fields.
#[must_use]
pub fn resource_attributes(kind: &Kind, purpose: Purpose, wanted: impl Fn(&Field) -> bool) -> Attributes {
    let mut attributes = Attributes::new();
    for field in kind.fields.iter().filter(|field| wanted(field)) {
        attributes.insert(field.name.to_owned(), of_field(kind, field, purpose));
        match field.shape {
            Shape::Tags => attributes.extend(tags()),
            Shape::File => {
                let (name, attribute) = checksum_attribute(field);
                attributes.insert(name, attribute);
            }
            _ if field.secret => {
                let (name, attribute) = version_attribute(field);
                attributes.insert(name, attribute);
            }
            _ => {}
        }
    }
    attributes
}

/// Whether the engine puts a value where the configuration gives none.
#[must_use]
pub fn is_settled_by_engine(kind: &Kind, field: &Field) -> bool {
    let derived = matches!(field.presence, Presence::OptionalComputed(_));
    field.default.is_some() || derived || kind.slug_source(field).is_some() || takes_defaults(field)
}

/// Whether the provider may be configured with a value for every object.
fn takes_defaults(field: &Field) -> bool {
    matches!(field.name, "tenant" | "owner") && matches!(field.shape, Shape::Reference { .. })
}

fn of_field(kind: &Kind, field: &Field, purpose: Purpose) -> Attribute {
    let mut attribute = attribute(field);
    if field.presence == Presence::ReadOnly {
        attribute.validators.clear();
        return attribute.computed();
    }
    if field.replace {
        attribute = attribute.replace();
    }
    if field.secret {
        return attribute.optional().write_only().sensitive();
    }
    if kind.nature.standing {
        // What is not configured is not managed: nothing is put in its place.
        let required = field.presence == Presence::Required && !field.nullable;
        attribute.presence = if required { Who::Required } else { Who::Optional };
        return attribute;
    }
    let settled = is_settled_by_engine(kind, field);
    attribute.presence = match field.presence {
        _ if settled && purpose == Purpose::Planning => Who::Optional,
        _ if settled => Who::OptionalComputed,
        Presence::Required if !field.nullable => Who::Required,
        _ if purpose == Purpose::Planning && matches!(field.shape, Shape::Tags | Shape::CustomFields) => {
            Who::Optional
        }
        _ if keeps_what_is_there(field) => Who::OptionalComputed,
        _ => Who::Optional,
    };
    if attribute.presence == Who::OptionalComputed && !settled {
        attribute = attribute.stable();
    }
    if purpose == Purpose::Shown
        && let Some(default) = field.default
    {
        attribute.default = Some(literal(default));
    }
    attribute
}

/// Whether leaving the field out leaves what is there: the server puts a value of its own that is not known here,
/// or others may have a say in it.
fn keeps_what_is_there(field: &Field) -> bool {
    match field.shape {
        Shape::Tags | Shape::CustomFields => true,
        Shape::Bool | Shape::Integer { .. } | Shape::Decimal { .. } | Shape::IntegerChoice { .. } => {
            !field.nullable
        }
        Shape::Choice { .. } | Shape::Json => !field.nullable,
        _ => false,
    }
}

/// A constant as a value.
#[must_use]
pub fn literal(literal: Literal) -> Value {
    match literal {
        Literal::Bool(bool) => Value::Bool(bool),
        Literal::Integer(number) => Value::from(number),
        Literal::Decimal(text) => serde_json::from_str(text)
            .ok()
            .and_then(|number| json::to_number(&number))
            .map_or(Value::Null, Value::Number),
        Literal::Text(text) => Value::from(text),
    }
}

/// The attribute whose change sends a secret again.
#[must_use]
pub fn version_attribute(field: &Field) -> (String, Attribute) {
    let text = format!(
        "Version of `{0}`. Terraform cannot see whether a write-only value has changed: raise this number, and `{0}` \
         is sent again.",
        field.name
    );
    let attribute = Attribute::leaf(Type::Number).optional().describe(text);
    (format!("{}_version", field.name), if field.replace { attribute.replace() } else { attribute })
}

fn checksum_attribute(field: &Field) -> (String, Attribute) {
    let text = format!("SHA-256 of the file `{}` that was uploaded last.", field.name);
    (format!("{}_sha256", field.name), Attribute::leaf(Type::String).computed().describe(text))
}

fn tags() -> [(String, Attribute); 2] {
    let add = Attribute::leaf(Type::set(Type::String))
        .optional()
        .validate(Validator::ConflictsWith(vec!["tags".to_owned()]))
        .describe(
            "Slugs of tags that the object shall carry among others. Tags that are not named here are left alone. \
             Use `tags` to name all of them.",
        );
    let all = Attribute::leaf(Type::set(Type::String))
        .computed()
        .describe("Slugs of all tags on the object, without those that the provider ignores.");
    [("add_tags".to_owned(), add), ("tags_all".to_owned(), all)]
}

/// The type of a kind's ids.
pub(crate) fn id_type(kind: &Kind) -> Type {
    if kind.nature.identity.is_number() { Type::Number } else { Type::String }
}

/// What the id of a kind is.
pub(crate) fn id_description(kind: &Kind) -> String {
    match kind.nature.identity {
        Identity::Number => "Id of the object.".to_owned(),
        Identity::Only(id) => format!("Always `{id}`: there is one."),
        Identity::Parts { parts, .. } => {
            let parts: Vec<String> = parts.iter().map(|part| format!("<{part}>")).collect();
            format!("Id of the object, `{}`.", parts.join("/"))
        }
    }
}

/// Attributes that every resource has.
fn common(kind: &Kind) -> Attributes {
    let mut attributes = Attributes::new();
    let mut add = |name: &str, attribute: Attribute| {
        attributes.entry(name.to_owned()).or_insert(attribute);
    };
    let id = Attribute::leaf(id_type(kind)).computed().stable().describe(id_description(kind));
    add("id", id);
    if kind.nature.identity.is_number() {
        let url = Attribute::leaf(Type::String).computed().stable();
        add("url", url.describe("Address of the object in the API."));
    }
    if !kind.nature.standing {
        add("adopt", adopt(kind));
    }
    add(
        "timeouts",
        <Option<Timeouts> as AttributeType>::attribute()
            .optional()
            .describe("How long operations may take before they are given up."),
    );
    attributes
}

fn adopt(kind: &Kind) -> Attribute {
    let born = kind.born_with.map_or_else(String::new, |origin| {
        format!(" Objects of this type may come into being with {origin}: `if_exists` takes those over.")
    });
    let key = if kind.nature.identity.is_number() { "natural key" } else { "id" };
    let text = format!(
        "What to do when the object exists already: `never` (the default) fails, `if_exists` takes it over and \
         changes what differs, `required` takes it over and fails when there is none. It is found by its {key}.{born}"
    );
    Attribute::leaf(Type::String)
        .optional()
        .validate(Validator::OneOf(["never", "if_exists", "required"].map(Value::from).to_vec()))
        .describe(text)
}
