//! Types on the wire: whatever text, and what was read written and read again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tf_value::Type;

fuzz_target!(|data: &[u8]| {
    let Ok(ty) = Type::from_json(data) else { return };
    assert_eq!(Type::from_json(&ty.to_json()).expect("what was written can be read"), ty);
    assert!(!ty.to_string().is_empty());
});
