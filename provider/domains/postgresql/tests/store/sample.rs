//! Archives made up for tests, in WAL-G's layout.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;

use bytes::Bytes;
use domain_postgresql::store::archive::Wal;
use domain_postgresql::store::history::History;
use domain_postgresql::store::names::SegmentSize;
use domain_postgresql::store::{Archive, Backup, Condition, Counters, Lsn, Object, Remote, Store, Verified};
use object_store::memory::InMemory;
use time::{Duration, OffsetDateTime};
use transport_ssh::Budget;

pub(crate) const SYSTEM: u64 = 7_563_000_000_000_000_001;
pub(crate) const SEGMENT: u64 = 16 << 20;

/// A moment, in hours after the beginning.
pub(crate) fn hour(hours: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(1_790_000_000).unwrap() + Duration::hours(hours)
}

pub(crate) fn memory() -> Arc<Remote> {
    let counters = Arc::new(Counters::default());
    Arc::new(
        Remote::new(Arc::new(InMemory::new()), "walg/db01", "memory://walg/db01".into(), counters).unwrap(),
    )
}

pub(crate) async fn put(store: &dyn Store, key: &str, content: impl Into<Bytes>) {
    store.put(key, content.into(), Condition::Always, &Budget::unlimited()).await.unwrap();
}

/// The first page of a segment, and some more of it.
pub(crate) fn segment(timeline: u32, number: u64, system: u64) -> Vec<u8> {
    let mut bytes = vec![0x10, 0xD1, 0x06, 0x00];
    bytes.extend(timeline.to_le_bytes());
    bytes.extend((number * SEGMENT).to_le_bytes());
    bytes.extend([0; 8]);
    bytes.extend(system.to_le_bytes());
    bytes.extend((16_u32 << 20).to_le_bytes());
    bytes.extend(8192_u32.to_le_bytes());
    bytes.resize(20_000, 7);
    bytes
}

pub(crate) fn lz4(content: &[u8]) -> Vec<u8> {
    let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn wal_key(timeline: u32, number: u64, end: &str) -> String {
    format!("wal_005/{}{end}", SegmentSize::default().name(timeline, number))
}

pub(crate) fn backup_name(timeline: u32, number: u64) -> String {
    format!("base_{}", SegmentSize::default().name(timeline, number))
}

/// A sentinel as WAL-G 3.0.9 writes it.
pub(crate) fn sentinel(number: u64, system: u64, finish: OffsetDateTime) -> String {
    let start = finish - Duration::minutes(5);
    let told = domain_postgresql::store::window::told;
    format!(
        r#"{{"LSN":{},"PgVersion":150018,"FinishLSN":{},"SystemIdentifier":{system},"UncompressedSize":100,
        "CompressedSize":10,"Spec":null,"ChkpNum":null,"Version":2,"StartTime":"{}","FinishTime":"{}","DateFmt":"",
        "Hostname":"db-01","DataDir":"/var/lib/postgresql/15/main","IsPermanent":false}}"#,
        number * SEGMENT + 0x28,
        number * SEGMENT + 0x138,
        told(start),
        told(finish),
    )
}

/// An archive in memory, for pure functions.
pub(crate) struct Made {
    pub(crate) archive: Archive,
    objects: Vec<Object>,
}

impl Made {
    pub(crate) fn new() -> Self {
        Self { archive: Archive::default(), objects: Vec::new() }
    }

    pub(crate) fn backup(&mut self, timeline: u32, number: u64, finish: i64) -> &mut Backup {
        let name = backup_name(timeline, number);
        let text = sentinel(number, SYSTEM, hour(finish));
        self.archive.backups.push(Backup::parse(&name, text.as_bytes(), None).unwrap());
        self.archive.backups.last_mut().unwrap()
    }

    pub(crate) fn verified(&mut self, timeline: u32, number: u64, finish: i64) -> &mut Backup {
        let backup = self.backup(timeline, number, finish);
        let mark = Verified::now(&backup.name, backup.system_id.unwrap(), "drill", Lsn(0));
        backup.verified = Some(mark);
        backup
    }

    pub(crate) fn wal(&mut self, timeline: u32, number: u64, arrived: i64) -> &mut Self {
        let key = wal_key(timeline, number, ".lz4");
        self.objects.push(Object { key, size: 100, modified: hour(arrived), tag: None });
        self
    }

    pub(crate) fn history(&mut self, timeline: u32, text: &str) -> &mut Self {
        self.archive.histories.insert(timeline, History::parse(timeline, text).unwrap());
        self.objects.push(Object {
            key: format!("wal_005/{timeline:08X}.history.lz4"),
            size: 40,
            modified: hour(0),
            tag: None,
        });
        self
    }

    pub(crate) fn done(&mut self) -> Archive {
        let mut archive = self.archive.clone();
        archive.backups.sort_by_key(|backup| (backup.finish_time, backup.name.clone()));
        archive.wal = Wal::of(self.objects.clone());
        archive.wal.number(archive.segment_size);
        archive
    }
}

pub(crate) fn owners() -> BTreeMap<String, u64> {
    BTreeMap::new()
}
