//! A snapshot that etcd 3.4 itself made (`etcdctl snapshot save`), and what is left of it when others meddle with it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use domain_kubernetes::snapshots::file::{Expected, FileError, Objection, TokenHash, read, read_database};
use proptest::prelude::*;
use transport_base::Secret;

/// 400 pods were written and each fourth deleted, so that the tree has branches; one value goes over several pages.
fn snapshot() -> &'static [u8] {
    static SNAPSHOT: OnceLock<Vec<u8>> = OnceLock::new();
    SNAPSHOT.get_or_init(|| zstd::decode_all(&include_bytes!("snapshot/etcd-3.4.db.zst")[..]).unwrap())
}

fn expected(token: &str) -> Expected {
    Expected {
        token: Some(Secret::new(token)),
        cluster_id: Some("6a0e3a5c-0d0b-4b5e-9c51-7a2b8a8b1f11".into()),
        version: Some("v1.33.5+rke2r1".into()),
    }
}

#[test]
fn everything_is_found() {
    let contents = read(&snapshot().to_vec()).unwrap();
    // As `etcdctl snapshot status` says.
    assert_eq!(contents.revision, 509);
    let wanted: BTreeMap<&str, u64> = BTreeMap::from([
        ("configmaps", 1),
        ("k3s.cattle.io/addons", 1),
        ("namespaces", 1),
        ("nodes", 3),
        ("pods", 300),
        ("services/specs", 1),
    ]);
    let kinds: BTreeMap<&str, u64> = contents.kinds.iter().map(|(kind, n)| (kind.as_str(), *n)).collect();
    assert_eq!(kinds, wanted);
    let proof = contents.prove(&expected("K10ab::server:s3cret")).unwrap();
    assert_eq!(proof.token_hash, Some(TokenHash::of(&Secret::new("s3cret")).to_string()));
    assert_eq!(proof.version.as_deref(), Some("v1.33.4+rke2r1"));
    assert_eq!(proof.nodes, BTreeSet::from(["a", "b", "w1"].map(str::to_owned)));
    assert_eq!((proof.objects, proof.unproven.len()), (307, 0));
    let wrong = contents.prove(&expected("other")).unwrap_err();
    assert!(matches!(wrong.as_slice(), [Objection::Token { .. }]), "{wrong:?}");
    let older = Expected { version: Some("v1.32.8+rke2r1".into()), ..expected("s3cret") };
    let newer = contents.prove(&older).unwrap_err();
    assert!(matches!(newer.as_slice(), [Objection::Newer { .. }]), "{newer:?}");
}

#[test]
fn the_database_without_its_trailer_is_read_too() {
    let whole = snapshot();
    let contents = read_database(&whole[..whole.len() - 32].to_vec()).unwrap();
    assert_eq!(contents, read(&whole.to_vec()).unwrap());
}

#[test]
fn a_torn_first_meta_page_is_no_loss() {
    let mut database = snapshot()[..snapshot().len() - 32].to_vec();
    database[20] ^= 0xff;
    let contents = read_database(&database).unwrap();
    assert!(contents.keys >= 300, "the other meta page is at most one transaction older");
    database[4096 + 20] ^= 0xff;
    assert!(matches!(read_database(&database), Err(FileError::NotEtcd(_))));
}

#[test]
fn a_page_that_is_below_itself_ends_the_reading() {
    let mut database = snapshot()[..snapshot().len() - 32].to_vec();
    // Every branch points at itself.
    for page in 2..database.len() / 4096 {
        let at = page * 4096;
        if database[at + 8] == 1 {
            let own = database[at..at + 8].to_vec();
            database[at + 24..at + 32].copy_from_slice(&own);
        }
    }
    assert!(matches!(read_database(&database), Err(FileError::Page { .. })));
}

proptest! {
    #[test]
    fn a_changed_or_shorter_snapshot_is_no_snapshot(at in 0_usize..114_720, bit in 0_u8..8, length in 0_usize..114_720) {
        let mut changed = snapshot().to_vec();
        changed[at] ^= 1 << bit;
        prop_assert!(read(&changed).is_err());
        prop_assert!(read(&snapshot()[..length].to_vec()).is_err());
    }

    #[test]
    fn a_meddled_database_is_read_or_refused(changes in prop::collection::vec((0_usize..114_688, any::<u8>()), 1..40)) {
        let mut database = snapshot()[..snapshot().len() - 32].to_vec();
        for (at, byte) in changes {
            database[at] = byte;
        }
        // Headers of pages are where it hurts.
        let _ = read_database(&database);
    }

    #[test]
    fn meddled_headers_are_read_or_refused(
        changes in prop::collection::vec((0_usize..28, 0_usize..64, any::<u8>()), 1..30),
    ) {
        let mut database = snapshot()[..snapshot().len() - 32].to_vec();
        for (page, at, byte) in changes {
            if page >= 2 {
                database[page * 4096 + at] = byte;
            }
        }
        let _ = read_database(&database);
    }
}
