//! Archives in directories, by the very scripts that run on machines.

use domain_postgresql::store::{Condition, Directory, Effort, Probe, Store, StoreError};
use transport_ssh::Budget;

#[tokio::test]
async fn a_directory_is_a_store_with_conditional_writes() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().to_str().unwrap();
    let store = Directory::here(root, root);
    let budget = Budget::unlimited();
    assert!(store.list("", None, &budget).await.unwrap().is_empty());
    assert!(store.get("wal_005/x", None, &budget).await.unwrap().is_none());
    // Bytes of every kind, and more than one answer of a script holds.
    let content: Vec<u8> = (0..7_000_000_u32).map(|n| u8::try_from(n * 7 % 256).unwrap()).collect();
    let version = store.put("wal_005/x", content.clone().into(), Condition::Absent, &budget).await.unwrap();
    let read = store.get("wal_005/x", None, &budget).await.unwrap().unwrap();
    assert!(read.content == content && read.version == version && read.size == 7_000_000);
    let part = store.get("wal_005/x", Some(10..20), &budget).await.unwrap().unwrap();
    assert_eq!((&part.content[..], part.size), (&content[10..20], 7_000_000));
    let beyond = store.get("wal_005/x", Some(6_999_999..7_100_000), &budget).await.unwrap().unwrap();
    assert_eq!(beyond.content.len(), 1);
    let again = store.put("wal_005/x", "y".into(), Condition::Absent, &budget).await;
    assert!(matches!(again, Err(StoreError::Changed { .. })));
    let over = store.put("wal_005/x", "y".into(), Condition::Over(&version), &budget).await.unwrap();
    assert_ne!(over, version);
    let stale = store.put("wal_005/x", "z".into(), Condition::Over(&version), &budget).await;
    assert!(matches!(stale, Err(StoreError::Changed { .. })));
    store.put("a b/it's $x", "odd".into(), Condition::Always, &budget).await.unwrap();
    let listed = store.list("wal_005", None, &budget).await.unwrap();
    assert_eq!((listed.len(), listed[0].key.as_str(), listed[0].size), (1, "wal_005/x", 1));
    assert!(listed[0].modified.unix_timestamp() > 1_700_000_000);
    assert!(store.list("wal_005", Some("wal_005/x"), &budget).await.unwrap().is_empty());
    store.delete(&["wal_005/x".into(), "wal_005/gone".into()], &budget).await.unwrap();
    assert!(!directory.path().join("wal_005").exists(), "empty folders go with the last file");
    assert!(directory.path().join("a b/it's $x").exists());
}

#[tokio::test]
async fn a_directory_keeps_its_word_in_a_race() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().to_str().unwrap();
    let store = Directory::here(root, root);
    let probe = Probe::run(&store, Effort { writers: 8, rounds: 5 }, &Budget::unlimited()).await.unwrap();
    assert!(probe.atomic, "{}", probe.why());
}

#[tokio::test]
async fn a_missing_directory_is_never_made() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("mount");
    let store = Directory::here(root.to_str().unwrap(), "mount");
    let budget = Budget::unlimited();
    for answer in [
        store.put("x", "y".into(), Condition::Always, &budget).await.map(drop),
        store.list("", None, &budget).await.map(drop),
        store.get("x", None, &budget).await.map(drop),
        store.delete(&["x".into()], &budget).await,
    ] {
        assert!(matches!(answer, Err(StoreError::Machine(_))), "{answer:?}");
    }
    assert!(!root.exists());
}
