use proptest::prelude::*;
use tf_value::json::UnknownAttributes;
use tf_value::{Type, Value, json, msgpack};

use crate::arbitrary::{typed, types};

proptest! {
    #[test]
    fn types_round_trip(ty in types()) {
        prop_assert_eq!(Type::from_json(&ty.to_json()).unwrap(), ty);
    }

    #[test]
    fn msgpack_round_trips((ty, value) in typed(false)) {
        prop_assert_eq!(value.conforms(&ty), Ok(()));
        let bytes = msgpack::encode(&value, &ty).unwrap();
        prop_assert_eq!(msgpack::decode(&bytes, &ty).unwrap(), value);
    }

    #[test]
    fn json_round_trips((ty, value) in typed(true)) {
        let text = json::encode(&value, &ty).unwrap();
        prop_assert_eq!(json::decode(&text, &ty, UnknownAttributes::Reject).unwrap(), value.clone());
        prop_assert_eq!(json::decode(&text, &ty, UnknownAttributes::Ignore).unwrap(), value);
    }

    #[test]
    fn json_takes_just_what_is_known((ty, value) in typed(false)) {
        prop_assert_eq!(json::encode(&value, &ty).is_ok(), value.is_wholly_known());
    }

    #[test]
    fn a_value_is_written_just_where_it_conforms((_, value) in typed(true), ty in types()) {
        let conforms = value.conforms(&ty);
        for written in [msgpack::encode(&value, &ty), json::encode(&value, &ty)] {
            prop_assert_eq!(written.is_ok(), conforms.is_ok());
            if let (Err(wrong), Err(error)) = (&conforms, written) {
                prop_assert_eq!(&wrong.path, &error.path);
            }
        }
    }

    #[test]
    fn inference_agrees_with_plain_json((ty, value) in typed(true)) {
        let text = json::encode(&value, &ty).unwrap();
        let inferred = json::infer(&text).unwrap();
        let mut collections = 0;
        inferred.walk(&mut |_, part| {
            collections += usize::from(matches!(part, Value::List(_) | Value::Set(_) | Value::Map(_) | Value::Dynamic(_)));
            true
        });
        prop_assert_eq!(collections, 0);
    }

    #[test]
    fn mutated_msgpack_does_no_harm(
        (ty, value) in typed(false),
        mutations in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = msgpack::encode(&value, &ty).unwrap();
        for (at, byte) in mutations {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        for bytes in [&bytes[..], &bytes[..cut.index(bytes.len())]] {
            if let Ok(read) = msgpack::decode(bytes, &ty) {
                prop_assert_eq!(read.conforms(&ty), Ok(()));
                let again = msgpack::encode(&read, &ty).unwrap();
                prop_assert_eq!(msgpack::decode(&again, &ty).unwrap(), read);
            }
        }
    }

    #[test]
    fn mutated_json_does_no_harm(
        (ty, value) in typed(true),
        at in any::<prop::sample::Index>(),
        byte in prop::sample::select(b"{}[]\",:0123456789-+.eEntfu\\ \x00\xff".to_vec()),
    ) {
        let mut text = json::encode(&value, &ty).unwrap();
        let at = at.index(text.len());
        text[at] = byte;
        if let Ok(read) = json::decode(&text, &ty, UnknownAttributes::Ignore) {
            prop_assert_eq!(read.conforms(&ty), Ok(()));
            let again = json::encode(&read, &ty).unwrap();
            prop_assert_eq!(json::decode(&again, &ty, UnknownAttributes::Reject).unwrap(), read);
        }
        let _ = json::infer(&text);
    }

    #[test]
    fn whatever_bytes_do_no_harm(bytes in any::<Vec<u8>>(), ty in types()) {
        let _ = msgpack::decode(&bytes, &ty);
        let _ = json::decode(&bytes, &ty, UnknownAttributes::Ignore);
        let _ = Type::from_json(&bytes);
    }
}

/// A state of a thousand objects must cost next to nothing; the bound is for an unoptimised build on a busy machine.
#[test]
fn a_thousand_objects_are_read_in_no_time() {
    let ty = Type::list(Type::object((0..20).map(|index| (format!("attribute_{index}"), Type::String))));
    let object =
        || Value::object((0..20).map(|index| (format!("attribute_{index}"), Value::from("some text"))));
    let value = Value::List((0..1000).map(|_| object()).collect());
    let (bytes, text) = (msgpack::encode(&value, &ty).unwrap(), json::encode(&value, &ty).unwrap());
    let start = std::time::Instant::now();
    assert_eq!(msgpack::decode(&bytes, &ty).unwrap(), value);
    assert_eq!(json::decode(&text, &ty, UnknownAttributes::Ignore).unwrap(), value);
    assert!(start.elapsed().as_millis() < 2_000, "{:?}", start.elapsed());
}
