use super::*;
use crate::{CodecCause, MAX_DEPTH, Number, Path, ValueCause};

fn read(text: &str, ty: &Type) -> Result<Value, CodecError> {
    decode(text.as_bytes(), ty, UnknownAttributes::Reject)
}

fn number(text: &str) -> Value {
    Value::Number(Number::parse(text).unwrap())
}

fn vm() -> Type {
    Type::object([("name", Type::String), ("cores", Type::Number), ("extra", Type::Dynamic)])
}

#[test]
fn states_round_trip() {
    let ty = Type::object([
        ("dynamic", Type::Dynamic),
        ("list", Type::list(Type::Bool)),
        ("map", Type::map(Type::Number)),
        ("nothing", Type::Dynamic),
        ("set", Type::set(Type::Number)),
        ("tuple", Type::Tuple(vec![Type::String, Type::Bool])),
    ]);
    let text = r#"{"dynamic":{"value":{"a":null},"type":["object",{"a":"string"}]},"list":[true,null],"map":{"a\n\"b":0.10000000000000000001},"nothing":null,"set":[1,2],"tuple":["é",false]}"#;
    let value = read(text, &ty).unwrap();
    assert_eq!(String::from_utf8(encode(&value, &ty).unwrap()).unwrap(), text);
    assert_eq!(value.get("map").and_then(|map| map.get("a\n\"b")), Some(&number("0.10000000000000000001")));
    assert_eq!(value.get("dynamic").map(Value::kind), Some("dynamic"));
}

#[test]
fn numbers_keep_every_digit() {
    for digits in ["3141592653589793238462643383279", "0.1", "-1.5", "18446744073709551615", "1e400"] {
        assert_eq!(read(digits, &Type::Number).unwrap(), number(digits));
        assert_eq!(encode(&number(digits), &Type::Number).unwrap(), digits.as_bytes());
    }
    assert!(matches!(read("1e999999999", &Type::Number).unwrap_err().cause, CodecCause::Number(_)));
}

#[test]
fn attributes_of_another_schema_are_dropped_or_refused() {
    let text = br#"{"name":"db","sockets":[{"deep":1}]}"#;
    let value = decode(text, &vm(), UnknownAttributes::Ignore).unwrap();
    assert_eq!(value, Value::object([("name", "db".into()), ("cores", Value::Null), ("extra", Value::Null)]));
    let error = decode(text, &vm(), UnknownAttributes::Reject).unwrap_err();
    assert!(
        matches!(error.cause, CodecCause::Value(ValueCause::UnexpectedAttribute(name)) if name == "sockets")
    );
}

#[test]
fn primitives_written_as_another_are_read() {
    let rows = [
        ("\"8\"", Type::Number, 8.into()),
        ("1.50", Type::String, Value::from("1.50")),
        ("true", Type::String, "true".into()),
        ("\"true\"", Type::Bool, true.into()),
        ("\"0\"", Type::Bool, false.into()),
    ];
    for (text, ty, value) in rows {
        assert_eq!(read(text, &ty).unwrap(), value);
    }
    for (text, ty) in
        [("\"yes\"", Type::Bool), ("1", Type::Bool), ("\"x\"", Type::Number), ("[]", Type::String)]
    {
        assert!(read(text, &ty).is_err(), "{text}");
    }
}

#[test]
fn strings_and_keys_are_normalised() {
    let text = "{\"e\u{301}\":\"e\u{301}\"}";
    assert_eq!(read(text, &Type::map(Type::String)).unwrap(), Value::map([("\u{e9}", "\u{e9}".into())]));
    assert_eq!(read(r#""e\u0301""#, &Type::String).unwrap(), "\u{e9}".into());
}

#[test]
fn what_is_wrong_is_said_with_its_path() {
    let ty = Type::map(Type::list(vm()));
    let error = read(r#"{"k":[{"name":"a"},{"cores":{}}]}"#, &ty).unwrap_err();
    assert_eq!(error.path, Path::root().key("k").index(1).attribute("cores"));
    assert_eq!(error.to_string(), r#"["k"][1].cores: expected number, found object"#);
    let error = read(r#"{"extra":{"value":1}}"#, &vm()).unwrap_err();
    assert_eq!(error.to_string(), r#"extra: attribute "type" is missing"#);
    assert!(read(r#"{"extra":{"value":1,"type":"number","more":1}}"#, &vm()).is_err());
    assert!(read(r#"{"extra":{"value":1,"type":"colour"}}"#, &vm()).is_err());
    assert!(read("[1]", &Type::Tuple(vec![])).is_err());
}

#[test]
fn what_is_no_json_is_refused() {
    for text in ["", "nul", "{\"a\":1", "[1,]", "01", "1 2", "\"\\ud800\"", "'a'", "{\"a\":1}}"] {
        for ty in [Type::String, Type::Number, Type::list(Type::Number), Type::map(Type::Number)] {
            assert!(
                matches!(read(text, &ty).unwrap_err().cause, CodecCause::Json(_) | CodecCause::Value(_)),
                "{text}"
            );
        }
    }
    assert!(decode(b"\"\xff\"", &Type::String, UnknownAttributes::Ignore).is_err());
}

#[test]
fn unknown_values_have_no_json() {
    let error = encode(&Value::from(vec![Value::UNKNOWN]), &Type::list(Type::Bool)).unwrap_err();
    assert!(matches!(error.cause, CodecCause::Unknown));
    assert_eq!(error.path, Path::root().index(0));
}

#[test]
fn shapes_are_inferred() {
    let value = infer(br#" {"a":[1,"x",true,null,{}],"a":[1.0]} "#).unwrap();
    assert_eq!(value, Value::object([("a", Value::Tuple(vec![1.into()]))]));
    let value = infer(br#"[1,"x",true,null,{}]"#).unwrap();
    let empty = Value::object::<&str>([]);
    assert_eq!(value, Value::Tuple(vec![1.into(), "x".into(), true.into(), Value::Null, empty]));
    assert_eq!(infer(b"[[1e9999]]").unwrap_err().path, Path::root().index(0).index(0));
}

#[test]
fn depth_is_limited() {
    let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(infer(nested(MAX_DEPTH).as_bytes()).is_ok());
    for depth in [MAX_DEPTH + 1, 1_000] {
        assert!(matches!(infer(nested(depth).as_bytes()).unwrap_err().cause, CodecCause::TooDeep));
        let ty = (0..depth).fold(Type::Bool, |ty, _| Type::list(ty));
        let error = decode(nested(depth).as_bytes(), &ty, UnknownAttributes::Ignore).unwrap_err();
        assert!(matches!(error.cause, CodecCause::TooDeep));
    }
}
