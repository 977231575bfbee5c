//! States: whatever text, read as whatever type, and what was read written and read again, by both codecs.

#![no_main]

use hybridops_fuzz::{Recipe, choose_type};
use libfuzzer_sys::fuzz_target;
use tf_value::json::{self, UnknownAttributes};
use tf_value::msgpack;

fuzz_target!(|data: &[u8]| {
    let mut recipe = Recipe::new(data);
    let ty = choose_type(&mut recipe);
    let text = recipe.rest();
    let inferred = json::infer(text);
    let Ok(value) = json::decode(text, &ty, UnknownAttributes::Ignore) else { return };
    assert_eq!(value.conforms(&ty), Ok(()), "what was read is of the type asked for");
    assert!(value.is_wholly_known(), "JSON has no unknown values");
    let written = json::encode(&value, &ty).expect("what was read can be written");
    assert_eq!(
        json::decode(&written, &ty, UnknownAttributes::Reject).expect("what was written can be read"),
        value
    );
    let wire = msgpack::encode(&value, &ty).expect("the other codec writes it too");
    assert_eq!(msgpack::decode(&wire, &ty).expect("and reads it"), value);
    if let Ok(inferred) = inferred {
        assert!(inferred.is_wholly_known());
    }
});
