//! Types as JSON: `"string"`, `["list","string"]`, `["object",{"name":"string"}]`.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use serde_json::{Map, Value as Json};
use thiserror::Error;

use super::Type;
use crate::MAX_DEPTH;
use crate::nfc::into_nfc;
use crate::raw::{Raw, well_formed};

/// Why a JSON text is not a [`Type`].
#[derive(Debug, Error)]
pub enum TypeError {
    /// Not JSON.
    #[error("not JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// A name that no type has.
    #[error("there is no type {0:?}")]
    UnknownName(String),
    /// JSON of another shape than a type's: a name, or an array of a name and what it is made of.
    #[error("not the shape of a type")]
    Shape,
    /// An optional attribute that the object type does not have.
    #[error("optional attribute {0:?} is none of the object's")]
    UnknownOptional(String),
    /// More levels than [`MAX_DEPTH`].
    #[error("nested more than {MAX_DEPTH} levels deep")]
    TooDeep,
}

impl Type {
    /// Reads the wire form. Which attributes of an object are optional (a third element that only type
    /// constraints have) is checked and forgotten.
    ///
    /// # Errors
    /// [`TypeError`] where the text is not the JSON of a type.
    pub fn from_json(text: &[u8]) -> Result<Self, TypeError> {
        parse(well_formed(text)?, 0)
    }

    /// The wire form.
    pub fn to_json(&self) -> Vec<u8> {
        self.json().to_string().into_bytes()
    }

    fn json(&self) -> Json {
        let of = |parts: Json| Json::from(vec![Json::from(self.kind()), parts]);
        match self {
            Self::Bool | Self::Number | Self::String | Self::Dynamic => Json::from(self.kind()),
            Self::List(element) | Self::Set(element) | Self::Map(element) => of(element.json()),
            Self::Tuple(elements) => of(elements.iter().map(Self::json).collect()),
            Self::Object(attributes) => of(attributes
                .iter()
                .map(|(name, ty)| (name.clone(), ty.json()))
                .collect::<Map<_, _>>()
                .into()),
        }
    }
}

fn parse(text: &str, depth: usize) -> Result<Type, TypeError> {
    if depth == MAX_DEPTH {
        return Err(TypeError::TooDeep);
    }
    match Raw::parse(text)? {
        Raw::String(name) => primitive(&name),
        Raw::Array(parts) => match parts.as_slice() {
            [name, of] => compound(name, of, None, depth + 1),
            [name, of, optional] => compound(name, of, Some(optional), depth + 1),
            _ => Err(TypeError::Shape),
        },
        Raw::Null | Raw::Bool(_) | Raw::Number(_) | Raw::Object(_) => Err(TypeError::Shape),
    }
}

fn primitive(name: &str) -> Result<Type, TypeError> {
    match name {
        "bool" => Ok(Type::Bool),
        "number" => Ok(Type::Number),
        "string" => Ok(Type::String),
        "dynamic" => Ok(Type::Dynamic),
        "list" | "set" | "map" | "tuple" | "object" => Err(TypeError::Shape),
        _ => Err(TypeError::UnknownName(name.to_owned())),
    }
}

fn compound(
    name: &RawValue,
    of: &RawValue,
    optional: Option<&RawValue>,
    depth: usize,
) -> Result<Type, TypeError> {
    let Raw::String(name) = Raw::parse(name.get())? else { return Err(TypeError::Shape) };
    if optional.is_some() && name != "object" {
        return Err(TypeError::Shape);
    }
    let element = || parse(of.get(), depth);
    match name.as_str() {
        "list" => Ok(Type::list(element()?)),
        "set" => Ok(Type::set(element()?)),
        "map" => Ok(Type::map(element()?)),
        "tuple" => {
            let Raw::Array(elements) = Raw::parse(of.get())? else { return Err(TypeError::Shape) };
            let elements = elements.into_iter().map(|element| parse(element.get(), depth));
            Ok(Type::Tuple(elements.collect::<Result<_, _>>()?))
        }
        "object" => {
            let Raw::Object(attributes) = Raw::parse(of.get())? else { return Err(TypeError::Shape) };
            let attributes =
                attributes.into_iter().map(|(name, ty)| Ok((into_nfc(name), parse(ty.get(), depth)?)));
            let attributes = attributes.collect::<Result<_, TypeError>>()?;
            check_optional(&attributes, optional)?;
            Ok(Type::Object(attributes))
        }
        _ => primitive(&name).and(Err(TypeError::Shape)),
    }
}

/// Whether the optional attributes, where they are named, are the object's.
fn check_optional(attributes: &BTreeMap<String, Type>, optional: Option<&RawValue>) -> Result<(), TypeError> {
    let Some(optional) = optional else { return Ok(()) };
    let Raw::Array(names) = Raw::parse(optional.get())? else { return Err(TypeError::Shape) };
    for name in names {
        let Raw::String(name) = Raw::parse(name.get())? else { return Err(TypeError::Shape) };
        let name = into_nfc(name);
        if !attributes.contains_key(&name) {
            return Err(TypeError::UnknownOptional(name));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIRE: &str = r#"["object",{"a":["list",["set","number"]],"b":["map","dynamic"],"c":["tuple",["bool","string"]],"d":["object",{}]}]"#;

    fn error(text: &str) -> TypeError {
        Type::from_json(text.as_bytes()).unwrap_err()
    }

    #[test]
    fn wire_form_round_trips() {
        let ty = Type::from_json(WIRE.as_bytes()).unwrap();
        assert_eq!(String::from_utf8(ty.to_json()).unwrap(), WIRE);
    }

    #[test]
    fn displays_as_constraint() {
        assert_eq!(
            Type::from_json(WIRE.as_bytes()).unwrap().to_string(),
            "object({ a = list(set(number)), b = map(any), c = tuple([bool, string]), d = object({}) })"
        );
    }

    #[test]
    fn optional_attributes_are_accepted() {
        let ty = Type::from_json(br#"["object",{"a":"string","b":"bool"},["b"]]"#).unwrap();
        assert_eq!(ty, Type::object([("a", Type::String), ("b", Type::Bool)]));
        assert!(matches!(error(r#"["object",{"a":"string"},["b"]]"#), TypeError::UnknownOptional(_)));
        assert!(matches!(error(r#"["list","string",["b"]]"#), TypeError::Shape));
    }

    #[test]
    fn attribute_names_are_normalised() {
        let composed = Type::object([("\u{e9}", Type::Bool)]);
        assert_eq!(Type::from_json("[\"object\",{\"e\u{301}\":\"bool\"}]".as_bytes()).unwrap(), composed);
        assert_eq!(Type::object([("e\u{301}", Type::Bool)]), composed);
    }

    #[test]
    fn refuses_other_shapes() {
        for text in [
            "1",
            "null",
            "{}",
            "[]",
            r#"["list"]"#,
            r#""list""#,
            r#"["tuple","string"]"#,
            r#"["string","string"]"#,
        ] {
            assert!(matches!(error(text), TypeError::Shape), "{text}");
        }
        assert!(matches!(error(r#""colour""#), TypeError::UnknownName(name) if name == "colour"));
        assert!(matches!(error(r#"["bag","string"]"#), TypeError::UnknownName(name) if name == "bag"));
        assert!(matches!(error("\"str"), TypeError::Json(_)));
    }

    #[test]
    fn refuses_absurd_depth() {
        let nested = |depth| format!("{}\"bool\"{}", r#"["list","#.repeat(depth), "]".repeat(depth));
        assert!(Type::from_json(nested(MAX_DEPTH - 1).as_bytes()).is_ok());
        assert!(matches!(error(&nested(MAX_DEPTH)), TypeError::TooDeep));
        assert!(matches!(error(&nested(1_000)), TypeError::TooDeep));
    }
}
