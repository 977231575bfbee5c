//! Schemas of data sources and list resources.

use tf_framework::schema::{Attribute, Block, Validator};
use tf_value::{Number, Type, Value};

use super::{id_description, id_type, leaf_type};
use crate::description::{Field, Kind, Shape};

/// What the filters are described as.
fn filters(kind: &Kind) -> Attribute {
    if !kind.nature.identity.is_number() {
        let text = "What to look for: attributes of the objects with the values that they may have. Several values of \
                    one attribute widen the search, several attributes narrow it.";
        return Attribute::leaf(Type::map(Type::set(Type::String))).optional().describe(text);
    }
    let text = format!(
        "What to look for: filters of the API with their values, such as `{{ {} }}`. Several values of one filter \
         widen the search, several filters narrow it. A filter that the server does not know is refused, since the \
         server itself would ignore it and answer with everything.",
        example(kind)
    );
    Attribute::leaf(Type::map(Type::set(Type::String))).optional().describe(text)
}

fn example(kind: &Kind) -> String {
    let wanted = ["site", "status", "slug", "name"];
    let known = |name: &&str| kind.filters.iter().any(|filter| filter.name == *name);
    let name = wanted.into_iter().find(known).unwrap_or("id");
    let value = match name {
        "site" => "ams1",
        "status" => "active",
        "id" => "5",
        _ => "example",
    };
    format!("{name} = [\"{value}\"]")
}

/// The singular data source: what it is asked with, and everything it answers.
#[must_use]
pub fn singular_block(kind: &Kind) -> Block {
    let mut block = Block::new(format!("Reads one {}: {}", kind.label, kind.description));
    for field in kind.fields.iter().filter(|field| !field.secret) {
        let mut attribute = Attribute::leaf(leaf_type(field)).computed().describe(field.description);
        if is_question(kind, field.name) {
            attribute = attribute.optional();
        }
        block = block.attribute(field.name, attribute);
    }
    let id = Attribute::leaf(id_type(kind)).computed().optional().describe(id_description(kind));
    if !kind.nature.identity.is_number() {
        return block.attribute("id", id);
    }
    let text = |text: &str| Attribute::leaf(Type::String).computed().describe(text);
    block
        .attribute("id", id)
        .attribute("filters", filters(kind))
        .attribute("url", text("Address of the object in the API."))
        .attribute("display", text("The object as the server names it."))
        .attribute("created", text("When the object was made."))
        .attribute("last_updated", text("When the object was changed last."))
}

/// Texts that the server tells of every object beside its fields.
#[must_use]
pub fn told_of_every(kind: &Kind) -> &'static [&'static str] {
    if kind.nature.identity.is_number() { &["url", "display", "created", "last_updated"] } else { &[] }
}

/// Whether lists of objects that are known by a text can be filtered by a field.
#[must_use]
pub fn is_filter(kind: &Kind, name: &str) -> bool {
    let plain = |field: &Field| {
        matches!(
            field.shape,
            Shape::Text { .. }
                | Shape::Choice { .. }
                | Shape::Integer { .. }
                | Shape::IntegerChoice { .. }
                | Shape::Bool
        )
    };
    !kind.nature.identity.is_number() && kind.field(name).is_some_and(|field| !field.secret && plain(field))
}

/// The attributes that name what the objects of a list lie in.
fn places(kind: &Kind) -> impl Iterator<Item = (&'static str, Attribute)> {
    kind.nature.identity.within().iter().filter_map(|name| kind.field(name)).map(|field| {
        let attribute = Attribute::leaf(leaf_type(field)).required().describe(field.description);
        (field.name, attribute)
    })
}

/// Whether the singular data source can be asked by a field.
#[must_use]
pub fn is_question(kind: &Kind, name: &str) -> bool {
    if !kind.nature.identity.is_number() {
        return kind.nature.identity.parts().contains(&name);
    }
    let plain = kind
        .field(name)
        .is_some_and(|field| matches!(field.shape, Shape::Text { .. } | Shape::Integer { .. }));
    plain && kind.lookup.contains(&name) && kind.filters.iter().any(|filter| filter.name == name)
}

/// The plural data source.
#[must_use]
pub fn plural_block(kind: &Kind) -> Block {
    let limit = Attribute::leaf(Type::Number)
        .optional()
        .validate(Validator::Range { min: Some(Number::from(1)), max: None })
        .describe("How many objects to read at most. All of them where it is left out.");
    let ids =
        Attribute::leaf(Type::list(id_type(kind))).computed().describe("Ids of the objects, ascending.");
    let custom = if kind.nature.identity.is_number() { "; `custom_fields` is JSON here" } else { "" };
    let objects = Attribute::leaf(Type::list(record_type(kind))).computed().describe(format!(
        "The objects, ascending by id, with the attributes of the data source `{}`{custom}.",
        kind.name
    ));
    let block = Block::new(format!("Lists every {} that matches. No match is an empty list.", kind.label));
    places(kind)
        .fold(block, |block, (name, attribute)| block.attribute(name, attribute))
        .attribute("filters", filters(kind))
        .attribute("limit", limit)
        .attribute("ids", ids)
        .attribute("objects", objects)
}

/// One object in the answer of the plural data source. A list cannot hold values of open type: custom fields are
/// JSON there.
#[must_use]
pub fn record_type(kind: &Kind) -> Type {
    let fields = kind.fields.iter().filter(|field| !field.secret).map(|field| match field.shape {
        Shape::CustomFields => (field.name, Type::String),
        _ => (field.name, leaf_type(field)),
    });
    let common = told_of_every(kind).iter().map(|name| (*name, Type::String));
    Type::object(fields.chain(common).chain([("id", id_type(kind))]))
}

/// The list resource.
#[must_use]
pub fn list_block(kind: &Kind) -> Block {
    let block = Block::new(format!("Lists every {} that matches, for import.", kind.label));
    places(kind)
        .fold(block, |block, (name, attribute)| block.attribute(name, attribute))
        .attribute("filters", filters(kind))
}

/// What a value of `filters` asks: names with their values.
#[must_use]
pub fn asked(filters: &Value) -> Vec<(String, Vec<String>)> {
    let texts = |value: &Value| {
        let list = value.as_list().unwrap_or_default();
        list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let members = filters.as_map().into_iter().flatten();
    members.map(|(name, values)| (name.clone(), texts(values))).collect()
}
