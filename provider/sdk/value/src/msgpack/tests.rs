use super::*;
use crate::{Constraints, MAX_DEPTH, Number, NumberError, Path, Refinements, ValueCause};

fn number(text: &str) -> Value {
    Value::Number(Number::parse(text).unwrap())
}

fn refined(constraints: Constraints) -> Value {
    Value::Unknown(constraints.into())
}

/// Every row of the protocol's table, in the one form that is written.
#[test]
fn every_kind_has_its_bytes() {
    let vm = Type::object([("cores", Type::Number), ("name", Type::String)]);
    let none = Constraints::default;
    let rows: Vec<(Value, Type, &[u8])> = vec![
        (Value::from("db"), Type::String, b"\xa2db"),
        (Value::from(7), Type::Number, b"\x07"),
        (Value::from(-1), Type::Number, b"\xff"),
        (Value::from(200), Type::Number, b"\xcc\xc8"),
        (Value::from(i64::MIN), Type::Number, b"\xd3\x80\0\0\0\0\0\0\0"),
        (Value::from(u64::MAX), Type::Number, b"\xb418446744073709551615"),
        (number("0.5"), Type::Number, b"\xcb\x3f\xe0\0\0\0\0\0\0"),
        (number("0.1"), Type::Number, b"\xa30.1"),
        (number("1e300"), Type::Number, b"\xa51e300"),
        (Value::from(true), Type::Bool, b"\xc3"),
        (Value::from(false), Type::Bool, b"\xc2"),
        (Value::from(vec!["a".into(), "b".into()]), Type::list(Type::String), b"\x92\xa1a\xa1b"),
        (Value::set([2.into(), 1.into()]), Type::set(Type::Number), b"\x92\x01\x02"),
        (
            Value::map([("b", true.into()), ("a", Value::Null)]),
            Type::map(Type::Bool),
            b"\x82\xa1a\xc0\xa1b\xc3",
        ),
        (
            Value::object([("name", "db".into()), ("cores", Value::UNKNOWN)]),
            vm,
            b"\x82\xa5cores\xd4\0\0\xa4name\xa2db",
        ),
        (
            Value::Tuple(vec![1.into(), true.into()]),
            Type::Tuple(vec![Type::Number, Type::Bool]),
            b"\x92\x01\xc3",
        ),
        (Value::dynamic(Type::String, "a".into()), Type::Dynamic, b"\x92\xc4\x08\"string\"\xa1a"),
        (Value::dynamic(Type::String, Value::Null), Type::Dynamic, b"\x92\xc4\x08\"string\"\xc0"),
        (Value::dynamic(Type::Bool, Value::UNKNOWN), Type::Dynamic, b"\x92\xc4\x06\"bool\"\xd4\0\0"),
        (Value::Null, Type::Dynamic, b"\xc0"),
        (Value::UNKNOWN, Type::Dynamic, b"\xd4\0\0"),
        (Value::Null, Type::list(Type::String), b"\xc0"),
        (Value::UNKNOWN, Type::String, b"\xd4\0\0"),
        (refined(Constraints { not_null: true, ..none() }), Type::Bool, b"\xc7\x03\x0c\x81\x01\xc2"),
        (
            refined(Constraints { prefix: Some("i-".to_owned()), ..none() }),
            Type::String,
            b"\xc7\x05\x0c\x81\x02\xa2i-",
        ),
        (
            refined(Constraints { lower: Some((1.into(), true)), upper: Some((9.into(), false)), ..none() }),
            Type::Number,
            b"\xc7\x09\x0c\x82\x03\x92\x01\xc3\x04\x92\x09\xc2",
        ),
        (
            refined(Constraints { length_min: Some(1), length_max: Some(2), ..none() }),
            Type::set(Type::Bool),
            b"\xc7\x05\x0c\x82\x05\x01\x06\x02",
        ),
    ];
    for (value, ty, bytes) in rows {
        assert_eq!(encode(&value, &ty).unwrap(), bytes, "{value:?}");
        assert_eq!(decode(bytes, &ty).unwrap(), value, "{bytes:x?}");
    }
}

/// Forms that are not written but have to be understood.
#[test]
fn other_forms_are_read() {
    let rows: Vec<(&[u8], Type, Value)> = vec![
        (b"\xcf\xff\xff\xff\xff\xff\xff\xff\xff", Type::Number, Value::from(u64::MAX)),
        (b"\xcd\0\x01", Type::Number, 1.into()),
        (b"\xd0\xff", Type::Number, (-1).into()),
        (b"\xca\x3f\x80\0\0", Type::Number, 1.into()),
        (b"\xcb\x40\0\0\0\0\0\0\0", Type::Number, 2.into()),
        (b"\xa31e2", Type::Number, 100.into()),
        (
            b"\xcb\x3f\xb9\x99\x99\x99\x99\x99\x9a",
            Type::Number,
            number("0.1000000000000000055511151231257827021181583404541015625"),
        ),
        (b"\xd9\x01a", Type::String, "a".into()),
        (b"\xda\0\x01a", Type::String, "a".into()),
        (b"\xdb\0\0\0\x01a", Type::String, "a".into()),
        (b"\xa3e\xcc\x81", Type::String, "\u{e9}".into()),
        (b"\xdc\0\x01\xc3", Type::list(Type::Bool), Value::from(vec![true.into()])),
        (b"\xdd\0\0\0\x01\xc3", Type::list(Type::Bool), Value::from(vec![true.into()])),
        (b"\xde\0\x01\xa1a\xc3", Type::map(Type::Bool), Value::map([("a", true.into())])),
        (b"\xdf\0\0\0\x01\xa1a\xc3", Type::map(Type::Bool), Value::map([("a", true.into())])),
        (b"\x93\x03\x01\x03", Type::set(Type::Number), Value::set([1.into(), 3.into()])),
        (b"\x92\xa8\"string\"\xa1a", Type::Dynamic, Value::dynamic(Type::String, "a".into())),
        (b"\x92\xc4\x09\"dynamic\"\xc0", Type::Dynamic, Value::Null),
        (b"\xd4\x05\x07", Type::String, Value::UNKNOWN),
        (b"\xd5\x05\x07\x07", Type::Bool, Value::UNKNOWN),
        (b"\xc7\0\x0c", Type::Bool, Value::UNKNOWN),
        (b"\xc8\0\x01\x00\0", Type::Bool, Value::UNKNOWN),
        (b"\xc9\0\0\0\x01\x00\0", Type::Bool, Value::UNKNOWN),
        (b"\xd8\x63\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", Type::Bool, Value::UNKNOWN),
        // Refinements: null after all, of the open type, of another type, unheard of, and with bytes to spare.
        (b"\xc7\x03\x0c\x81\x01\xc3", Type::String, Value::Null),
        (b"\xc7\x03\x0c\x81\x01\xc2", Type::Dynamic, Value::UNKNOWN),
        (b"\xc7\x05\x0c\x81\x02\xa2i-", Type::Bool, Value::UNKNOWN),
        (
            b"\xc7\x09\x0c\x82\x63\x92\x81\xc0\xc0\x01\x01\xc2",
            Type::String,
            Value::Unknown(Refinements::not_null()),
        ),
        (b"\xc7\x05\x0c\x81\x01\xc2\xff\xff", Type::String, Value::Unknown(Refinements::not_null())),
    ];
    for (bytes, ty, value) in rows {
        assert_eq!(
            decode(bytes, &ty).unwrap_or_else(|error| panic!("{bytes:x?}: {error}")),
            value,
            "{bytes:x?}"
        );
    }
}

#[test]
fn what_is_not_of_the_type_is_refused_with_its_path() {
    let vm = Type::object([("disks", Type::list(Type::object([("size", Type::Number)])))]);
    let error = decode(b"\x81\xa5disks\x92\xc0\x81\xa4size\xc3", &vm).unwrap_err();
    assert_eq!(error.path, Path::root().attribute("disks").index(1).attribute("size"));
    assert_eq!(error.to_string(), "disks[1].size: expected number, found bool");

    let cause = |bytes: &[u8], ty: &Type| decode(bytes, ty).unwrap_err().cause;
    assert!(
        matches!(cause(b"\x80", &vm), CodecCause::Value(ValueCause::MissingAttribute(name)) if name == "disks")
    );
    assert!(
        matches!(cause(b"\x81\xa1x\xc0", &vm), CodecCause::Value(ValueCause::UnexpectedAttribute(name)) if name == "x")
    );
    assert!(
        matches!(cause(b"\x82\xa1a\xc0\xa1a\xc0", &Type::map(Type::Bool)), CodecCause::DuplicateKey(key) if key == "a")
    );
    assert!(matches!(
        cause(b"\x81\x01\xc0", &Type::map(Type::Bool)),
        CodecCause::Value(ValueCause::Kind { .. })
    ));
    let tuple = Type::Tuple(vec![Type::Bool]);
    assert!(matches!(
        cause(b"\x90", &tuple),
        CodecCause::Value(ValueCause::Length { expected: 1, found: 0 })
    ));
    assert!(matches!(
        cause(b"\x93\xc0\xc0\xc0", &Type::Dynamic),
        CodecCause::Value(ValueCause::Length { .. })
    ));
    assert!(matches!(cause(b"\xa1a", &Type::Dynamic), CodecCause::Value(ValueCause::Kind { .. })));
    assert!(matches!(cause(b"\x92\xc4\x01x\xc0", &Type::Dynamic), CodecCause::Type(_)));
    assert!(matches!(cause(b"\x92\x01\xc0", &Type::Dynamic), CodecCause::Value(ValueCause::Kind { .. })));
}

#[test]
fn malformed_input_is_refused() {
    let cause = |bytes: &[u8], ty: &Type| decode(bytes, ty).unwrap_err().cause;
    assert!(matches!(cause(b"", &Type::Bool), CodecCause::UnexpectedEnd));
    assert!(matches!(cause(b"\xa5ab", &Type::String), CodecCause::UnexpectedEnd));
    assert!(matches!(cause(b"\xdd\xff\xff\xff\xff", &Type::list(Type::Bool)), CodecCause::UnexpectedEnd));
    assert!(matches!(cause(b"\xdf\0\0\0\x02\xa1a\xc0", &Type::map(Type::Bool)), CodecCause::UnexpectedEnd));
    assert!(matches!(cause(b"\xdb\xff\xff\xff\xff", &Type::String), CodecCause::UnexpectedEnd));
    assert!(matches!(cause(b"\xc9\xff\xff\xff\xff\0", &Type::String), CodecCause::UnexpectedEnd));
    assert!(matches!(cause(b"\xc3\xc3", &Type::Bool), CodecCause::TrailingBytes(1)));
    assert!(matches!(cause(b"\xc1", &Type::Bool), CodecCause::Reserved));
    assert!(matches!(cause(b"\xa1\xff", &Type::String), CodecCause::Utf8));
    assert!(matches!(cause(b"\xa3inf", &Type::Number), CodecCause::Number(NumberError::Syntax)));
    assert!(matches!(cause(b"\xab1e999999999", &Type::Number), CodecCause::Number(NumberError::TooLong)));
    for float in [f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
        let bytes = [&[0xcb][..], &float.to_be_bytes()].concat();
        assert!(matches!(cause(&bytes, &Type::Number), CodecCause::Number(NumberError::NotFinite)));
    }
}

#[test]
fn malformed_refinements_are_refused() {
    for bytes in [
        &b"\xd5\x0c\x90\x00"[..],            // no map
        b"\xc7\x03\x0c\x81\x01\x01",         // nullness that is no bool
        b"\xc7\x03\x0c\x81\xa0\xc2",         // a key that is no number
        b"\xc7\x03\x0c\x81\x05\xff",         // a length below zero
        b"\xc7\x03\x0c\x81\x02\xc0",         // a prefix that is no string
        b"\xc7\x03\x0c\x81\x03\x01",         // a bound that is no pair
        b"\xc7\x05\x0c\x81\x03\x92\x01\x01", // a bound whose second is no bool
    ] {
        let cause = decode(bytes, &Type::String).unwrap_err().cause;
        assert!(matches!(cause, CodecCause::Refinements | CodecCause::Number(_)), "{bytes:x?}: {cause}");
    }
    assert!(matches!(
        decode(b"\xc7\x03\x0c\x82\x01\xc2", &Type::String).unwrap_err().cause,
        CodecCause::UnexpectedEnd
    ));
}

#[test]
fn depth_is_limited() {
    let nested = |depth| (0..depth).fold(Type::Bool, |ty, _| Type::list(ty));
    let bytes = |depth| [vec![0x91; depth], vec![0xc3]].concat();
    assert!(decode(&bytes(MAX_DEPTH - 1), &nested(MAX_DEPTH - 1)).is_ok());
    let error = decode(&bytes(MAX_DEPTH), &nested(MAX_DEPTH)).unwrap_err();
    assert!(matches!(error.cause, CodecCause::TooDeep));
    let dynamic = b"\x92\xc4\x09\"dynamic\"".repeat(10_000);
    assert!(matches!(decode(&dynamic, &Type::Dynamic).unwrap_err().cause, CodecCause::TooDeep));
}

#[test]
fn long_prefixes_are_cut_to_what_is_a_prefix_still() {
    let long = refined(Constraints { prefix: Some("é".repeat(200)), ..Constraints::default() });
    let bytes = encode(&long, &Type::String).unwrap();
    let Value::Unknown(read) = decode(&bytes, &Type::String).unwrap() else { panic!("known") };
    assert_eq!(read.prefix, Some("é".repeat(127)));
}

#[test]
fn refinements_that_do_not_fit_the_type_are_not_written() {
    let prefix = Constraints { prefix: Some("i-".to_owned()), ..Constraints::default() };
    assert_eq!(encode(&refined(prefix), &Type::Number).unwrap(), b"\xd4\0\0");
    assert_eq!(encode(&Value::Unknown(Refinements::not_null()), &Type::Dynamic).unwrap(), b"\xd4\0\0");
    let lengths = Constraints { length_min: Some(0), length_max: Some(u64::MAX), ..Constraints::default() };
    assert_eq!(encode(&refined(lengths), &Type::list(Type::Bool)).unwrap(), b"\xd4\0\0");
}

#[test]
fn values_of_another_type_are_not_written() {
    let ty = Type::map(Type::list(Type::Bool));
    let error = encode(&Value::map([("k", Value::from(vec!["x".into()]))]), &ty).unwrap_err();
    assert_eq!(error.to_string(), r#"["k"][0]: expected bool, found string"#);
    assert!(encode(&Value::from("a"), &Type::Dynamic).is_err());
}
