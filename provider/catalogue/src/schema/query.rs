//! Schemas of data sources and list resources.

use tf_framework::schema::{Attribute, Block, Validator};
use tf_value::{Number, Type, Value};

use super::leaf_type;
use crate::description::{Kind, Shape};

/// What the filters are described as.
fn filters(kind: &Kind) -> Attribute {
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
    let id = Attribute::leaf(Type::Number).computed().optional().describe("Id of the object.");
    let text = |text: &str| Attribute::leaf(Type::String).computed().describe(text);
    block
        .attribute("id", id)
        .attribute("filters", filters(kind))
        .attribute("url", text("Address of the object in the API."))
        .attribute("display", text("The object as the server names it."))
        .attribute("created", text("When the object was made."))
        .attribute("last_updated", text("When the object was changed last."))
}

/// Whether the singular data source can be asked by a field.
#[must_use]
pub fn is_question(kind: &Kind, name: &str) -> bool {
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
    let ids = Attribute::leaf(Type::list(Type::Number)).computed().describe("Ids of the objects, ascending.");
    let objects = Attribute::leaf(Type::list(record_type(kind))).computed().describe(format!(
        "The objects, ascending by id, with the attributes of the data source `{}`; `custom_fields` is JSON here.",
        kind.name
    ));
    Block::new(format!("Lists every {} that matches. No match is an empty list.", kind.label))
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
    let common = ["url", "display", "created", "last_updated"].map(|name| (name, Type::String));
    Type::object(fields.chain(common).chain([("id", Type::Number)]))
}

/// The list resource.
#[must_use]
pub fn list_block(kind: &Kind) -> Block {
    Block::new(format!("Lists every {} that matches, for import.", kind.label))
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
