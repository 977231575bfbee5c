//! A file that is said to be a snapshot of etcd, or the name of one. The first byte says as what the rest is read.

#![no_main]

use domain_kubernetes::snapshots::SnapshotName;
use domain_kubernetes::snapshots::file::{Expected, read, read_database};
use libfuzzer_sys::fuzz_target;
use transport_ssh::Secret;

fuzz_target!(|data: &[u8]| {
    let Some((kind, rest)) = data.split_first() else { return };
    match kind % 3 {
        0 => {
            if let Ok(contents) = read_database(&rest.to_vec()) {
                let expected = Expected { token: Some(Secret::new("token")), ..Expected::default() };
                let _ = contents.prove(&expected);
            }
        }
        1 => {
            let _ = read(&rest.to_vec());
        }
        _ => {
            let text = String::from_utf8_lossy(rest);
            if let Ok(name) = text.parse::<SnapshotName>() {
                assert_eq!(name.as_str(), text, "a name is written in one way");
            }
        }
    }
});
