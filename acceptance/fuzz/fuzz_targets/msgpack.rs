//! Values on the wire: whatever bytes, read as whatever type, and what was read written and read again.

#![no_main]

use hybridops_fuzz::{Recipe, choose_type};
use libfuzzer_sys::fuzz_target;
use tf_value::msgpack;

fuzz_target!(|data: &[u8]| {
    let mut recipe = Recipe::new(data);
    let ty = choose_type(&mut recipe);
    let Ok(value) = msgpack::decode(recipe.rest(), &ty) else { return };
    assert_eq!(value.conforms(&ty), Ok(()), "what was read is of the type asked for");
    let bytes = msgpack::encode(&value, &ty).expect("what was read can be written");
    assert_eq!(msgpack::decode(&bytes, &ty).expect("what was written can be read"), value);
});
