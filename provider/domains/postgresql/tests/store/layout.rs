//! The layout of WAL-G, read from a store.

use bytes::Bytes;
use domain_postgresql::store::archive::Cache;
use domain_postgresql::store::names::sentinel_key;
use domain_postgresql::store::{Archive, Depth, Identity, Lsn, Store, Verified};
use transport_ssh::Budget;

use crate::sample::{SYSTEM, backup_name, hour, lz4, memory, put, segment, sentinel, wal_key};

#[tokio::test]
async fn everything_is_read_in_a_few_requests_and_changes_only_once() {
    let store = memory();
    let store = store.as_ref();
    let budget = Budget::unlimited();
    for number in [2, 5] {
        let name = backup_name(1, number);
        let finish = hour(i64::try_from(number).unwrap());
        put(store, &sentinel_key(&name), sentinel(number, SYSTEM, finish)).await;
        put(store, &format!("basebackups_005/{name}/metadata.json"), r#"{"is_permanent":true}"#).await;
    }
    put(store, "basebackups_005/base_000000010000000000000004_backup_stop_sentinel.json", "{torn").await;
    put(store, "basebackups_005/base_000000010000000000000006/tar_partitions/part_1.tar.lz4", "x").await;
    for number in 2..=6 {
        put(store, &wal_key(1, number, ".lz4"), lz4(&segment(1, number, SYSTEM))).await;
    }
    put(store, "wal_005/00000002.history.lz4", lz4(b"1\t0/6000060\tno recovery target specified\n")).await;
    put(store, "wal_005/00000003.history.lz4", lz4(b"nonsense")).await;
    put(store, &wal_key(2, 6, ".zst"), zstd::encode_all(segment(1, 6, SYSTEM).as_slice(), 3).unwrap()).await;
    put(store, "wal_005/000000010000000000000002.00000028.backup.lz4", lz4(b"START WAL LOCATION")).await;
    Identity::new(SYSTEM, 15, "main").claim(store, &budget).await.unwrap();
    Verified::now(backup_name(1, 2), SYSTEM, "drill", Lsn(1)).write(store, &budget).await.unwrap();
    Verified::now(backup_name(1, 5), 9, "drill", Lsn(1)).write(store, &budget).await.unwrap();

    let archive = Archive::read(store, &Cache::default(), &budget).await.unwrap();
    let names: Vec<&str> = archive.backups.iter().map(|backup| backup.name.as_str()).collect();
    assert_eq!(names, [backup_name(1, 2), backup_name(1, 5)]);
    assert!(archive.backups[0].verified.is_some() && archive.backups[0].permanent);
    assert!(archive.backups[1].verified.is_none(), "the mark is of another cluster's backup");
    assert_eq!(archive.unfinished.iter().collect::<Vec<_>>(), ["base_000000010000000000000006"]);
    assert_eq!(archive.broken.len(), 2, "{:?}", archive.broken);
    assert_eq!(archive.system_id(), Some(SYSTEM));
    let found = archive.check(store, Depth::All, &budget).await.unwrap();
    assert_eq!((found.checked, found.broken.len(), found.gaps.len()), (6, 2, 0), "{found:?}");
    assert_eq!(archive.end(Some(2)).unwrap().lsn, Lsn(7 << 24));
}

#[tokio::test]
async fn what_is_in_the_log_is_looked_into() {
    let store = memory();
    let store = store.as_ref();
    let budget = Budget::unlimited();
    put(store, &sentinel_key(&backup_name(1, 1)), sentinel(1, SYSTEM, hour(1))).await;
    let noise: Vec<u8> = (0_u64..600)
        .flat_map(|n| <[u8; 32]>::from(<sha2::Sha256 as sha2::Digest>::digest(n.to_le_bytes())))
        .collect();
    let torn = lz4(&segment(1, 2, SYSTEM));
    let objects: [(String, Bytes); 8] = [
        (wal_key(1, 1, ".lz4"), lz4(&segment(1, 1, SYSTEM)).into()),
        (wal_key(1, 2, ".lz4"), Bytes::copy_from_slice(&torn[..16])),
        (wal_key(1, 3, ".lz4"), lz4(&segment(1, 3, 9)).into()),
        (wal_key(1, 4, ".lz4"), lz4(&segment(1, 5, SYSTEM)).into()),
        (wal_key(1, 5, ".lz4"), noise.into()),
        (wal_key(1, 6, ".br"), Bytes::from_static(b"brotli")),
        (wal_key(1, 7, ".lz4"), Bytes::new()),
        (wal_key(1, 8, ".lz4"), lz4(&segment(1, 8, SYSTEM)).into()),
    ];
    for (key, content) in objects {
        put(store, &key, content).await;
    }
    let archive = Archive::read(store, &Cache::default(), &budget).await.unwrap();
    let found = archive.check(store, Depth::All, &budget).await.unwrap();
    let broken: Vec<&str> = found.broken.iter().map(|broken| &broken.key[8 + 22..8 + 24]).collect();
    assert_eq!(broken, ["02", "03", "04", "07"], "torn, foreign, displaced, empty: {:?}", found.broken);
    assert_eq!(found.opaque, 2, "one encrypted, one in Brotli");
    assert_eq!(found.gaps.len(), 1, "the empty one counts as missing");
}

#[tokio::test]
async fn small_objects_are_read_once() {
    let store = memory();
    let budget = Budget::unlimited();
    for number in 1..=5 {
        let name = backup_name(1, number);
        put(store.as_ref(), &sentinel_key(&name), sentinel(number, SYSTEM, hour(1))).await;
    }
    let cache = Cache::default();
    let first = Archive::read(store.as_ref(), &cache, &budget).await.unwrap();
    // Seen by the cache as changed only where the store says so.
    let changed = backup_name(1, 3);
    put(store.as_ref(), &sentinel_key(&changed), sentinel(3, SYSTEM, hour(9))).await;
    let second = Archive::read(store.as_ref(), &cache, &budget).await.unwrap();
    assert_eq!(first.backups.len(), 5);
    assert_eq!(second.backups.last().unwrap().name, changed);
    assert!(store.list("nowhere", None, &budget).await.unwrap().is_empty());
}
