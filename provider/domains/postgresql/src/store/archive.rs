//! Everything an archive holds, read in a few requests.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use transport_base::Budget;

use super::content::{self, HEAD, Unreadable};
use super::history::{History, Way};
use super::identity::{self, Identity};
use super::names::{
    BACKUPS, Compression, SegmentName, SegmentSize, WAL, WalName, backup_segment, sentinel_of,
};
use super::object::{Object, Store, StoreError};
use super::page::{self, Page};
use super::retention_run;
use super::sentinel::Backup;
use super::small::{self, FOLDER};
use super::verified::{self, Verified};

/// Requests under way at once.
const WIDTH: usize = 8;
/// Bytes of a history file at most.
const HISTORY_LIMIT: u64 = 1 << 20;

/// What an archive holds.
#[derive(Clone, Debug, Default)]
pub struct Archive {
    /// The finished backups, the oldest first, by the time they ended.
    pub backups: Vec<Backup>,
    /// The write-ahead log.
    pub wal: Wal,
    /// The histories of the timelines.
    pub histories: BTreeMap<u32, History>,
    /// Backups without a sentinel: under way, or left behind by one that failed.
    pub unfinished: BTreeSet<String>,
    /// Objects that are not what their names say.
    pub broken: Vec<Broken>,
    /// Whose archive it is, by its marker.
    pub identity: Option<Identity>,
    /// Backups that a deletion was busy with when it ended.
    pub deleting: Vec<String>,
    /// Bytes of a segment; read from a segment, the usual 16 MiB where none can be read.
    pub segment_size: SegmentSize,
    /// The system identifier in the newest segment that can be read.
    pub wal_system_id: Option<u64>,
    /// The keys below the folders of the backups.
    pub parts: BTreeMap<String, Vec<String>>,
}

/// An object that is not what its name says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Its key.
    pub key: String,
    /// What is wrong with it.
    pub problem: String,
}

/// The write-ahead log of an archive.
#[derive(Clone, Debug, Default)]
pub struct Wal {
    /// Its objects.
    pub objects: Vec<WalObject>,
    segments: BTreeMap<(u32, u64), usize>,
}

/// An object of the write-ahead log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalObject {
    /// What it is.
    pub name: WalName,
    /// How it is compressed.
    pub compression: Compression,
    /// The object.
    pub object: Object,
}

impl Wal {
    /// Takes the objects of a listing; what is nothing of PostgreSQL's is left out.
    pub fn of(objects: impl IntoIterator<Item = Object>) -> Self {
        let parse = |object: Object| {
            let (name, compression) = WalName::of_key(&object.key)?;
            Some(WalObject { name, compression, object })
        };
        Self { objects: objects.into_iter().filter_map(parse).collect(), segments: BTreeMap::new() }
    }

    /// Numbers the segments. One that is empty is torn, and counts as none; so does one that is not compressed and
    /// smaller than a segment.
    pub fn number(&mut self, size: SegmentSize) {
        self.segments = BTreeMap::new();
        for (index, entry) in self.objects.iter().enumerate() {
            let WalName::Segment(name) = entry.name else { continue };
            if entry.is_torn(size) {
                continue;
            }
            if let Some(number) = name.number(size) {
                self.segments.insert((name.timeline, number), index);
            }
        }
    }

    /// A segment of a timeline.
    pub fn segment(&self, timeline: u32, number: u64) -> Option<&WalObject> {
        self.objects.get(*self.segments.get(&(timeline, number))?)
    }

    /// The numbers of a timeline's segments, in order.
    pub fn numbers(&self, timeline: u32) -> impl DoubleEndedIterator<Item = u64> + '_ {
        self.segments.range((timeline, 0)..=(timeline, u64::MAX)).map(|((_, number), _)| *number)
    }

    /// The timelines that have segments.
    pub fn timelines(&self) -> BTreeSet<u32> {
        self.segments.keys().map(|(timeline, _)| *timeline).collect()
    }
}

impl WalObject {
    /// Whether a whole segment cannot be in it, by its size alone. Encryption makes it larger, never smaller.
    pub fn is_torn(&self, size: SegmentSize) -> bool {
        let plain = self.compression == Compression::None && matches!(self.name, WalName::Segment(_));
        self.object.size == 0 || (plain && self.object.size < size.bytes())
    }

    /// Reads its first page. One request.
    ///
    /// # Errors
    /// [`StoreError`]; what cannot be read, or is no page, is told inside.
    pub async fn page(
        &self,
        store: &dyn Store,
        budget: &Budget,
    ) -> Result<Result<Page, Unreadable>, StoreError> {
        let range = 0..HEAD.min(self.object.size.max(1));
        let Some(fetched) = store.get(&self.object.key, Some(range), budget).await? else {
            return Ok(Err(Unreadable::Damaged("it is gone".to_owned())));
        };
        let head = content::head(self.compression, &fetched.content, page::LENGTH);
        Ok(head.and_then(|head| {
            Page::parse(&head).map_err(|error| match self.compression {
                // Without compression nothing but the page itself tells encryption.
                Compression::None if content::looks_encrypted(&fetched.content) => Unreadable::Encrypted,
                _ => Unreadable::Damaged(error.to_string()),
            })
        }))
    }
}

/// Small objects that were read before, by key and what changes with their content.
#[derive(Debug, Default)]
pub struct Cache(Mutex<HashMap<(String, String), (Stamp, Bytes)>>);

type Stamp = (Option<String>, u64, i128);

impl Cache {
    async fn get(
        &self,
        store: &dyn Store,
        object: &Object,
        budget: &Budget,
    ) -> Result<Option<Bytes>, StoreError> {
        let key = (store.place().to_owned(), object.key.clone());
        let stamp = (object.tag.clone(), object.size, object.modified.unix_timestamp_nanos());
        {
            let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((seen, content)) = known.get(&key)
                && *seen == stamp
            {
                return Ok(Some(content.clone()));
            }
        }
        let Some(fetched) = store.get(&object.key, None, budget).await? else { return Ok(None) };
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(key, (stamp, fetched.content.clone()));
        Ok(Some(fetched.content))
    }

    async fn keyed(
        &self,
        store: &dyn Store,
        object: &Object,
        budget: &Budget,
    ) -> Result<(String, Option<Bytes>), StoreError> {
        Ok((object.key.clone(), self.get(store, object, budget).await?))
    }

    /// Reads many, several at once.
    async fn all(
        &self,
        store: &dyn Store,
        objects: &[&Object],
        budget: &Budget,
    ) -> Result<HashMap<String, Bytes>, StoreError> {
        let mut reads = Vec::with_capacity(objects.len());
        for object in objects {
            reads.push(self.keyed(store, object, budget));
        }
        let read: Vec<_> = stream::iter(reads).buffer_unordered(WIDTH).try_collect().await?;
        Ok(read.into_iter().filter_map(|(key, content)| Some((key, content?))).collect())
    }
}

impl Archive {
    /// Reads an archive: three listings, the sentinels and the other small objects that `cache` does not know yet, and
    /// the beginning of the newest segment.
    ///
    /// # Errors
    /// [`StoreError`]. Objects that are not what their names say are no error but told in the answer.
    pub async fn read(store: &dyn Store, cache: &Cache, budget: &Budget) -> Result<Self, StoreError> {
        let (backups, wal, ours) = futures::try_join!(
            store.list(BACKUPS, None, budget),
            store.list(WAL, None, budget),
            store.list(FOLDER, None, budget),
        )?;
        let small: Vec<&Object> =
            backups.iter().chain(&wal).chain(&ours).filter(|o| is_small(&o.key)).collect();
        let contents = cache.all(store, &small, budget).await?;
        let mut archive = Self::default();
        archive.take_ours(store, &ours, &contents)?;
        archive.take_histories(&wal, &contents);
        archive.wal = Wal::of(wal);
        archive.take_backups(&backups, &contents);
        archive.measure(store, budget).await?;
        archive.wal.number(archive.segment_size);
        Ok(archive)
    }

    fn take_ours(
        &mut self,
        store: &dyn Store,
        listed: &[Object],
        contents: &HashMap<String, Bytes>,
    ) -> Result<(), StoreError> {
        if let Some(content) = contents.get(identity::KEY) {
            self.identity = Some(small::parse(store, identity::KEY, content)?);
        }
        if let Some(content) = contents.get(retention_run::KEY) {
            self.deleting =
                small::parse::<retention_run::Deleting>(store, retention_run::KEY, content)?.backups;
        }
        for object in listed.iter().filter(|object| verified::backup_of(&object.key).is_some()) {
            let Some(content) = contents.get(&object.key) else { continue };
            // A mark that cannot be read proves nothing.
            if let Err(error) = serde_json::from_slice::<Verified>(content) {
                self.broken.push(Broken { key: object.key.clone(), problem: error.to_string() });
            }
        }
        Ok(())
    }

    fn take_histories(&mut self, listed: &[Object], contents: &HashMap<String, Bytes>) {
        for object in listed {
            let Some((WalName::History(timeline), compression)) = WalName::of_key(&object.key) else {
                continue;
            };
            let Some(object_content) = contents.get(&object.key) else { continue };
            let read = content::whole(compression, object_content, HISTORY_LIMIT)
                .map_err(|error| error.to_string())
                .and_then(|bytes| String::from_utf8(bytes).map_err(|error| error.to_string()))
                .and_then(|text| History::parse(timeline, &text).map_err(|error| error.to_string()));
            match read {
                Ok(history) => {
                    self.histories.insert(timeline, history);
                }
                Err(problem) => self.broken.push(Broken { key: object.key.clone(), problem }),
            }
        }
    }

    fn take_backups(&mut self, listed: &[Object], contents: &HashMap<String, Bytes>) {
        for object in listed {
            if let Some(name) = folder_of(&object.key) {
                self.parts.entry(name.to_owned()).or_default().push(object.key.clone());
            }
            let Some(name) = sentinel_of(&object.key) else { continue };
            let Some(sentinel) = contents.get(&object.key) else { continue };
            let metadata = contents.get(&format!("{BACKUPS}/{name}/metadata.json"));
            match Backup::parse(name, sentinel, metadata.map(AsRef::as_ref)) {
                Ok(mut backup) => {
                    let mark = contents.get(&verified::key(name));
                    let mark = mark.and_then(|mark| serde_json::from_slice::<Verified>(mark).ok());
                    backup.verified = mark.filter(|mark| Some(mark.system_id) == backup.system_id);
                    self.backups.push(backup);
                }
                Err(error) => {
                    self.broken.push(Broken { key: object.key.clone(), problem: error.to_string() });
                }
            }
        }
        self.backups.sort_by(|a, b| (a.finish_time, &a.name).cmp(&(b.finish_time, &b.name)));
        let finished: BTreeSet<&str> = listed.iter().filter_map(|object| sentinel_of(&object.key)).collect();
        let unfinished = self.parts.keys().filter(|name| !finished.contains(name.as_str()));
        self.unfinished = unfinished.cloned().collect();
    }

    /// Learns size and system identifier from the newest segment.
    async fn measure(&mut self, store: &dyn Store, budget: &Budget) -> Result<(), StoreError> {
        let segments = self.wal.objects.iter().filter(|entry| matches!(entry.name, WalName::Segment(_)));
        let newest = segments.filter(|entry| entry.object.size > 0).max_by_key(|entry| entry.object.modified);
        let Some(newest) = newest else { return Ok(()) };
        if let Ok(page) = newest.page(store, budget).await? {
            self.segment_size = page.segment_size;
            self.wal_system_id = Some(page.system_id);
        } else if let Some(size) = SegmentSize::new(newest.object.size)
            && newest.compression == Compression::None
        {
            self.segment_size = size;
        }
        Ok(())
    }

    /// A backup by its name.
    pub fn backup(&self, name: &str) -> Option<&Backup> {
        self.backups.iter().find(|backup| backup.name == name)
    }

    /// The system identifiers of its backups and of its newest segment.
    pub fn system_ids(&self) -> BTreeSet<u64> {
        self.backups.iter().filter_map(|backup| backup.system_id).chain(self.wal_system_id).collect()
    }

    /// The cluster it is the archive of: by its marker, else by its newest backup, else by its newest segment.
    pub fn system_id(&self) -> Option<u64> {
        let newest = || self.backups.iter().rev().find_map(|backup| backup.system_id);
        self.identity.as_ref().map(|identity| identity.system_id).or_else(newest).or(self.wal_system_id)
    }

    /// The timelines it knows anything of.
    pub fn timelines(&self) -> BTreeSet<u32> {
        let mut timelines = self.wal.timelines();
        timelines.extend(self.histories.keys());
        timelines.extend(self.backups.iter().map(Backup::timeline));
        timelines
    }

    /// The way through the segments to a timeline; `None` where its history is missing.
    pub fn way(&self, timeline: u32) -> Option<Way> {
        Way::to(timeline, &self.histories, self.segment_size)
    }

    /// The name of a segment of this archive.
    pub fn segment_name(&self, timeline: u32, number: u64) -> SegmentName {
        self.segment_size.name(timeline, number)
    }
}

/// Whether an object is read whole.
fn is_small(key: &str) -> bool {
    sentinel_of(key).is_some()
        || key.ends_with("/metadata.json")
        || matches!(WalName::of_key(key), Some((WalName::History(_), _)))
        || key == identity::KEY
        || key == retention_run::KEY
        || verified::backup_of(key).is_some()
}

/// The backup in whose folder an object lies.
fn folder_of(key: &str) -> Option<&str> {
    let (name, _) = key.strip_prefix(BACKUPS)?.strip_prefix('/')?.split_once('/')?;
    backup_segment(name).map(|_| name)
}
