//! Types as JSON: `"string"`, `["list","string"]`, `["object",{"name":"string"}]`.

use serde_json::{Map, Value as Json};
use thiserror::Error;

use super::Type;
use crate::nfc::into_nfc;

/// Why a JSON text is not a [`Type`].
#[derive(Debug, Error)]
pub enum TypeError {
    /// Not JSON, or nested too deep.
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
}

impl Type {
    /// Reads the wire form. Which attributes of an object are optional (a third element that only type
    /// constraints have) is checked and forgotten.
    ///
    /// # Errors
    /// [`TypeError`] where the text is not the JSON of a type.
    pub fn from_json(text: &[u8]) -> Result<Self, TypeError> {
        parse(serde_json::from_slice(text)?)
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

fn parse(json: Json) -> Result<Type, TypeError> {
    match json {
        Json::String(name) => primitive(&name),
        Json::Array(parts) => compound(parts),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Object(_) => Err(TypeError::Shape),
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

fn compound(parts: Vec<Json>) -> Result<Type, TypeError> {
    let mut parts = parts.into_iter();
    let (Some(Json::String(name)), Some(of)) = (parts.next(), parts.next()) else {
        return Err(TypeError::Shape);
    };
    let (optional, rest) = (parts.next(), parts.next());
    if rest.is_some() || (optional.is_some() && name != "object") {
        return Err(TypeError::Shape);
    }
    match (name.as_str(), of) {
        ("list", element) => Ok(Type::list(parse(element)?)),
        ("set", element) => Ok(Type::set(parse(element)?)),
        ("map", element) => Ok(Type::map(parse(element)?)),
        ("tuple", Json::Array(elements)) => {
            Ok(Type::Tuple(elements.into_iter().map(parse).collect::<Result<_, _>>()?))
        }
        ("object", Json::Object(attributes)) => object(attributes, optional),
        ("tuple" | "object" | "bool" | "number" | "string" | "dynamic", _) => Err(TypeError::Shape),
        _ => Err(TypeError::UnknownName(name)),
    }
}

fn object(attributes: Map<String, Json>, optional: Option<Json>) -> Result<Type, TypeError> {
    let attributes = attributes
        .into_iter()
        .map(|(name, ty)| Ok((into_nfc(name), parse(ty)?)))
        .collect::<Result<std::collections::BTreeMap<_, _>, TypeError>>()?;
    let optional = match optional {
        None => Vec::new(),
        Some(Json::Array(names)) => names,
        Some(_) => return Err(TypeError::Shape),
    };
    for name in optional {
        let Json::String(name) = name else { return Err(TypeError::Shape) };
        let name = into_nfc(name);
        if !attributes.contains_key(&name) {
            return Err(TypeError::UnknownOptional(name));
        }
    }
    Ok(Type::Object(attributes))
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
        assert!(matches!(error(&r#"["list","#.repeat(10_000)), TypeError::Json(_)));
    }
}
