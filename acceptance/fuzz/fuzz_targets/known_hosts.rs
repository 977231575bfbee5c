//! A `known_hosts` file: whatever text, and what was read written and read again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use transport_ssh::KnownHosts;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(read) = KnownHosts::parse(text) else { return };
    let written = read.to_string();
    let again = KnownHosts::parse(&written).expect("what was written can be read");
    assert_eq!(again.to_string(), written);
    // Numbers of lines apart, both say the same of a machine.
    for (host, port) in [("db-01", 22), ("10.0.0.1", 2222), ("a.lab", 22)] {
        let (one, other) = (read.lookup(host, port), again.lookup(host, port));
        assert!(one.keys.iter().map(|(key, _)| key).eq(other.keys.iter().map(|(key, _)| key)));
        assert!(one.revoked.iter().map(|(key, _)| key).eq(other.revoked.iter().map(|(key, _)| key)));
    }
});
