//! What cty, the value library of Terraform core, writes: read here, and written the same.

#![allow(clippy::unwrap_used, reason = "a helper of tests")]

use tf_value::{Number, Type, Value, json, msgpack};

struct Golden<'a> {
    name: &'a str,
    ty: Type,
    msgpack: Vec<u8>,
    json: Option<&'a str>,
}

fn goldens() -> Vec<Golden<'static>> {
    let lines = include_str!("golden/cty.tsv").lines().filter(|line| !line.starts_with('#'));
    let goldens: Vec<_> = lines
        .map(|line| {
            let [name, ty, msgpack, json] = line.split('\t').collect::<Vec<_>>().try_into().unwrap();
            Golden {
                name,
                ty: Type::from_json(ty.as_bytes()).unwrap(),
                msgpack: (0..msgpack.len())
                    .step_by(2)
                    .map(|at| u8::from_str_radix(&msgpack[at..at + 2], 16).unwrap())
                    .collect(),
                json: (json != "-").then_some(json),
            }
        })
        .collect();
    assert!(goldens.len() > 70);
    goldens
}

#[test]
fn msgpack_is_read_and_written_as_by_cty() {
    for golden in goldens() {
        let value = msgpack::decode(&golden.msgpack, &golden.ty)
            .unwrap_or_else(|error| panic!("{}: {error}", golden.name));
        value.conforms(&golden.ty).unwrap();
        assert_eq!(msgpack::encode(&value, &golden.ty).unwrap(), golden.msgpack, "{}", golden.name);
    }
}

/// A float that is not short in decimal is rounded in cty's JSON: such a one is read, but written with every digit.
const ROUNDED: [&str; 2] = ["float 0.1", "float min"];

#[test]
fn json_is_read_and_written_as_by_cty() {
    for golden in goldens() {
        let value = msgpack::decode(&golden.msgpack, &golden.ty).unwrap();
        let Some(text) = golden.json else {
            assert!(json::encode(&value, &golden.ty).is_err(), "{} is unknown", golden.name);
            continue;
        };
        let read = json::decode(text.as_bytes(), &golden.ty, json::UnknownAttributes::Reject).unwrap();
        if ROUNDED.contains(&golden.name) {
            assert_eq!(read.as_number().map(Number::to_f64), value.as_number().map(Number::to_f64));
            continue;
        }
        assert_eq!(read, value, "{}", golden.name);
        assert_eq!(
            String::from_utf8(json::encode(&value, &golden.ty).unwrap()).unwrap(),
            text,
            "{}",
            golden.name
        );
    }
}

#[test]
fn numbers_are_what_their_names_say() {
    for golden in goldens() {
        if let Some(digits) = golden.name.strip_prefix("number ") {
            let value = msgpack::decode(&golden.msgpack, &golden.ty).unwrap();
            assert_eq!(value, Value::Number(digits.parse().unwrap()));
        }
    }
}
