//! Configurations as tests write them.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use tf_framework::schema::{
    Attribute, AttributeKind, Attributes, Block, BlockNesting, NestedBlock, Nesting, Presence,
};
use tf_value::{Number, Path, Type, Value, nfc};

use crate::CoreError;

/// In a JSON configuration, a value that is not known yet.
pub const UNKNOWN: &str = "<unknown>";

/// A configuration: JSON that is read by the schema, or a value that fits it already.
#[derive(Debug, Clone)]
pub enum Config {
    /// JSON. What is left out is null, blocks that are left out are empty.
    Json(Json),
    /// A value of the schema's type.
    Value(Value),
}

impl From<Json> for Config {
    fn from(json: Json) -> Self {
        Self::Json(json)
    }
}

impl From<Value> for Config {
    fn from(value: Value) -> Self {
        Self::Value(value)
    }
}

impl Config {
    /// The configuration as core decodes it, with core's own checks.
    pub(crate) fn read(&self, block: &Block) -> Result<Value, CoreError> {
        match self {
            Self::Json(json) => read_block(block, json, &Path::root()),
            Self::Value(value) => {
                value
                    .conforms(&block.value_type())
                    .map_err(|error| refuse(&error.path, error.to_string()))?;
                Ok(value.clone())
            }
        }
    }
}

/// One value of a type, from JSON.
pub(crate) fn read_argument(ty: &Type, json: &Json) -> Result<Value, CoreError> {
    read_type(ty, json, &Path::root())
}

fn refuse(path: &Path, problem: impl Into<String>) -> CoreError {
    CoreError::Config { path: path.clone(), problem: problem.into() }
}

fn members<'j>(json: &'j Json, path: &Path) -> Result<&'j serde_json::Map<String, Json>, CoreError> {
    json.as_object().ok_or_else(|| refuse(path, "an object is needed"))
}

fn elements<'j>(json: &'j Json, path: &Path) -> Result<&'j [Json], CoreError> {
    json.as_array().map(Vec::as_slice).ok_or_else(|| refuse(path, "a list is needed"))
}

fn is_unknown(json: &Json) -> bool {
    json.as_str() == Some(UNKNOWN)
}

fn read_block(block: &Block, json: &Json, path: &Path) -> Result<Value, CoreError> {
    let given = members(json, path)?;
    let known = |name: &String| block.attributes.contains_key(name) || block.blocks.contains_key(name);
    if let Some(name) = given.keys().find(|name| !known(name)) {
        return Err(refuse(&path.clone().attribute(name), "an argument of this name is not expected here"));
    }
    let mut object = read_attributes(&block.attributes, given, path)?;
    for (name, nested) in &block.blocks {
        let blocks =
            read_blocks(nested, given.get(name).unwrap_or(&Json::Null), &path.clone().attribute(name))?;
        object.insert(name.clone(), blocks);
    }
    Ok(Value::Object(object))
}

fn read_blocks(nested: &NestedBlock, json: &Json, path: &Path) -> Result<Value, CoreError> {
    if is_unknown(json) {
        return Ok(Value::UNKNOWN);
    }
    if nested.nesting == BlockNesting::Single {
        return match json {
            Json::Null if nested.min_items > 0 => Err(refuse(path, "a block is required")),
            Json::Null => Ok(Value::Null),
            json => read_block(&nested.block, json, path),
        };
    }
    let blocks = if json.is_null() { &[] } else { elements(json, path)? };
    let (min, max) = (nested.min_items as usize, nested.max_items as usize);
    if blocks.len() < min || (max > 0 && blocks.len() > max) {
        return Err(refuse(
            path,
            format!("{} blocks, but at least {min} and at most {max} are allowed", blocks.len()),
        ));
    }
    let read = |(index, json): (usize, &Json)| read_block(&nested.block, json, &path.clone().index(index));
    let blocks = blocks.iter().enumerate().map(read).collect::<Result<Vec<_>, _>>()?;
    Ok(if nested.nesting == BlockNesting::Set { Value::set(blocks) } else { Value::List(blocks) })
}

fn read_attributes(
    attributes: &Attributes,
    given: &serde_json::Map<String, Json>,
    path: &Path,
) -> Result<BTreeMap<String, Value>, CoreError> {
    let read = |(name, attribute): (&String, &Attribute)| {
        let path = path.clone().attribute(name);
        let json = given.get(name).unwrap_or(&Json::Null);
        if json.is_null() && attribute.presence == Presence::Required {
            return Err(refuse(&path, "this argument is required"));
        }
        Ok((name.clone(), read_attribute(attribute, json, &path)?))
    };
    attributes.iter().map(read).collect()
}

fn read_attribute(attribute: &Attribute, json: &Json, path: &Path) -> Result<Value, CoreError> {
    let (nesting, attributes) = match &attribute.kind {
        AttributeKind::Leaf(ty) => return read_type(ty, json, path),
        AttributeKind::Nested { nesting, attributes } => (*nesting, attributes),
    };
    if json.is_null() {
        return Ok(Value::Null);
    }
    if is_unknown(json) {
        return Ok(Value::UNKNOWN);
    }
    let object = |json: &Json, path: Path| read_object(attributes, json, &path);
    match nesting {
        Nesting::Single => object(json, path.clone()),
        Nesting::List | Nesting::Set => {
            let read = |(index, json): (usize, &Json)| object(json, path.clone().index(index));
            let objects =
                elements(json, path)?.iter().enumerate().map(read).collect::<Result<Vec<_>, _>>()?;
            Ok(if nesting == Nesting::Set { Value::set(objects) } else { Value::List(objects) })
        }
        Nesting::Map => {
            let read =
                |(key, json): (&String, &Json)| Ok((key.clone(), object(json, path.clone().key(key))?));
            Ok(Value::Map(members(json, path)?.iter().map(read).collect::<Result<_, CoreError>>()?))
        }
    }
}

fn read_object(attributes: &Attributes, json: &Json, path: &Path) -> Result<Value, CoreError> {
    if is_unknown(json) {
        return Ok(Value::UNKNOWN);
    }
    let given = members(json, path)?;
    if let Some(name) = given.keys().find(|name| !attributes.contains_key(*name)) {
        return Err(refuse(&path.clone().attribute(name), "an argument of this name is not expected here"));
    }
    Ok(Value::Object(read_attributes(attributes, given, path)?))
}

/// A value by its type, with the conversions between primitives that the language makes.
fn read_type(ty: &Type, json: &Json, path: &Path) -> Result<Value, CoreError> {
    if json.is_null() {
        return Ok(Value::Null);
    }
    if is_unknown(json) {
        return Ok(Value::UNKNOWN);
    }
    let mismatch = || refuse(path, format!("a {} is needed", ty.kind()));
    let each = |ty: &Type| {
        let read = |(index, json): (usize, &Json)| read_type(ty, json, &path.clone().index(index));
        elements(json, path)?.iter().enumerate().map(read).collect::<Result<Vec<_>, _>>()
    };
    Ok(match (ty, json) {
        (Type::Bool, Json::Bool(truth)) => Value::Bool(*truth),
        (Type::Bool, Json::String(text)) => Value::Bool(text.parse().map_err(|_| mismatch())?),
        (Type::Number, Json::Number(number)) => {
            Value::Number(number_of(&number.to_string()).ok_or_else(mismatch)?)
        }
        (Type::Number, Json::String(text)) => Value::Number(number_of(text).ok_or_else(mismatch)?),
        (Type::String, Json::String(text)) => Value::String(nfc(text).into_owned()),
        (Type::String, Json::Number(number)) => Value::String(number.to_string()),
        (Type::String, Json::Bool(truth)) => Value::String(truth.to_string()),
        (Type::List(inner), _) => Value::List(each(inner)?),
        (Type::Set(inner), _) => Value::set(each(inner)?),
        (Type::Tuple(types), Json::Array(parts)) if parts.len() == types.len() => {
            let read = |(index, (ty, json)): (usize, (&Type, &Json))| {
                read_type(ty, json, &path.clone().index(index))
            };
            Value::Tuple(types.iter().zip(parts).enumerate().map(read).collect::<Result<_, _>>()?)
        }
        (Type::Map(inner), Json::Object(parts)) => {
            let read = |(key, json): (&String, &Json)| {
                Ok((nfc(key).into_owned(), read_type(inner, json, &path.clone().key(key))?))
            };
            Value::Map(parts.iter().map(read).collect::<Result<_, CoreError>>()?)
        }
        (Type::Object(types), Json::Object(parts)) => {
            let read = |(name, ty): (&String, &Type)| {
                let json = parts.get(name).unwrap_or(&Json::Null);
                Ok((name.clone(), read_type(ty, json, &path.clone().attribute(name))?))
            };
            Value::Object(types.iter().map(read).collect::<Result<_, CoreError>>()?)
        }
        (Type::Dynamic, json) => {
            let ty = type_of(json);
            Value::dynamic(ty.clone(), read_type(&ty, json, path)?)
        }
        _ => return Err(mismatch()),
    })
}

fn number_of(text: &str) -> Option<Number> {
    Number::parse(text).ok()
}

/// The type the language gives a literal.
fn type_of(json: &Json) -> Type {
    match json {
        Json::Null => Type::Dynamic,
        Json::Bool(_) => Type::Bool,
        Json::Number(_) => Type::Number,
        Json::String(_) => Type::String,
        Json::Array(parts) => Type::Tuple(parts.iter().map(type_of).collect()),
        Json::Object(parts) => Type::object(parts.iter().map(|(name, part)| (name.clone(), type_of(part)))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn block() -> Block {
        let disk = Attributes::from([("size".to_owned(), Attribute::leaf(Type::Number))]);
        let blocks = NestedBlock { max_items: 1, ..NestedBlock::new(BlockNesting::List, Block::new("")) };
        Block::new("")
            .attribute("name", Attribute::leaf(Type::String))
            .attribute("any", Attribute::leaf(Type::Dynamic).optional())
            .attribute("disks", Attribute::nested(Nesting::Map, disk).optional())
            .block("timeouts", blocks)
    }

    fn read(json: Json) -> Result<Value, String> {
        Config::from(json).read(&block()).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_left_out_is_null_and_blocks_are_empty() {
        let expected = Value::object([
            ("name", Value::from("7")),
            ("any", Value::Null),
            ("disks", Value::Null),
            ("timeouts", Value::List(vec![])),
        ]);
        assert_eq!(read(json!({ "name": 7 })), Ok(expected));
    }

    #[test]
    fn unknown_values_can_stand_anywhere() {
        let config =
            read(json!({ "name": UNKNOWN, "disks": { "a": { "size": UNKNOWN }, "b": UNKNOWN } })).unwrap();
        assert_eq!(config.get("name"), Some(&Value::UNKNOWN));
        let disks = Value::map([("a", Value::object([("size", Value::UNKNOWN)])), ("b", Value::UNKNOWN)]);
        assert_eq!(config.get("disks"), Some(&disks));
    }

    #[test]
    fn open_types_take_the_type_of_the_literal() {
        let config = read(json!({ "name": "a", "any": [1, "x"] })).unwrap();
        let ty = Type::Tuple(vec![Type::Number, Type::String]);
        let tuple = Value::dynamic(ty, Value::Tuple(vec![1.into(), "x".into()]));
        assert_eq!(config.get("any"), Some(&tuple));
    }

    #[test]
    fn core_refuses_what_does_not_fit() {
        assert_eq!(read(json!({})), Err("name: this argument is required".to_owned()));
        let unexpected = "nope: an argument of this name is not expected here";
        assert_eq!(read(json!({ "name": "a", "nope": 1 })), Err(unexpected.to_owned()));
        let size = r#"disks["a"].size: a number is needed"#;
        assert_eq!(read(json!({ "name": "a", "disks": { "a": { "size": "big" } } })), Err(size.to_owned()));
        let count = "timeouts: 2 blocks, but at least 0 and at most 1 are allowed";
        assert_eq!(read(json!({ "name": "a", "timeouts": [{}, {}] })), Err(count.to_owned()));
    }
}
