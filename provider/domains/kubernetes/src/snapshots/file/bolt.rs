//! The database format of etcd, read only: pages, buckets, keys.
//!
//! The file is a tree of pages of one size; a page may go on over the pages after it. Two meta pages stand at the
//! beginning and are written in turn: the one with a right checksum and the higher transaction tells the root.

use std::collections::HashSet;

use super::error::FileError;
use super::read_at::ReadAt;

const MAGIC: u32 = 0xED0C_DAED;
const VERSION: u32 = 2;
/// Bytes of a page's header, of an element of a page, and of the header of a bucket's value.
const HEADER: usize = 16;
/// Bytes of a meta page after its header.
const META: usize = 64;
const BRANCH: u16 = 0x01;
const LEAF: u16 = 0x02;
/// The element is a bucket.
const BUCKET: u32 = 0x01;
/// Pages have a power of two of bytes between these.
const PAGE_SIZES: std::ops::RangeInclusive<u64> = 512..=65_536;
/// A tree of this height has more keys than any file.
const HEIGHT: usize = 32;
/// Bytes of one page with those it goes on over: values of etcd are limited to a few MiB.
const LARGEST: u64 = 1 << 30;

/// A database.
pub(super) struct Bolt<'a> {
    file: &'a dyn ReadAt,
    page_size: u64,
    pages: u64,
    root: u64,
}

/// Where the keys of a bucket are.
#[derive(Debug)]
pub(super) enum Bucket {
    /// On a page of its own, and those below.
    Page(u64),
    /// Within the value that it is of its parent: a page without a place of its own.
    Inline(Vec<u8>),
}

/// What is told of each key: the key, the value, and whether the value is a bucket.
type Visit<'a> = &'a mut dyn FnMut(&[u8], &[u8], bool) -> Result<(), FileError>;

struct Meta {
    page_size: u64,
    root: u64,
    transaction: u64,
}

impl<'a> Bolt<'a> {
    /// Opens a database.
    pub(super) fn open(file: &'a dyn ReadAt) -> Result<Self, FileError> {
        let size = file.size()?;
        let first = Meta::read(file, 0)?;
        // Where the first is torn the size of pages is not known: the second is at one of the places it may be.
        let places = match &first {
            Some(meta) => vec![meta.page_size],
            None => (9..=16).map(|power| 1 << power).collect(),
        };
        let mut second = None;
        for place in places {
            second = second.or(Meta::read(file, place)?);
        }
        let newest = [first, second].into_iter().flatten().max_by_key(|meta| meta.transaction);
        let meta = newest.ok_or(FileError::NotEtcd("it does not begin as one"))?;
        Ok(Self { file, page_size: meta.page_size, pages: size / meta.page_size, root: meta.root })
    }

    /// The bucket of a name, at the top.
    pub(super) fn bucket(&self, name: &[u8]) -> Result<Option<Bucket>, FileError> {
        let mut found = None;
        self.each(&Bucket::Page(self.root), &mut |key, value, is_bucket| {
            if key == name && is_bucket {
                found = Some(bucket_of(value)?);
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// Visits every key of a bucket, in order.
    pub(super) fn each(&self, bucket: &Bucket, visit: Visit<'_>) -> Result<(), FileError> {
        match bucket {
            Bucket::Inline(page) => leaf(0, page, visit),
            Bucket::Page(root) => self.walk(*root, 0, &mut HashSet::new(), visit),
        }
    }

    fn walk(
        &self,
        page: u64,
        depth: usize,
        seen: &mut HashSet<u64>,
        visit: Visit<'_>,
    ) -> Result<(), FileError> {
        if depth >= HEIGHT || !seen.insert(page) {
            return Err(FileError::Page { page, problem: "it is below itself" });
        }
        let content = self.page(page)?;
        match kind(page, &content)? {
            LEAF => leaf(page, &content, visit),
            BRANCH => {
                for index in 0..count(page, &content)? {
                    let below = u64_at(&content, element(index) + 8)
                        .ok_or(FileError::Page { page, problem: "an element is beyond its end" })?;
                    self.walk(below, depth + 1, seen, visit)?;
                }
                Ok(())
            }
            _ => Err(FileError::Page { page, problem: "it is neither branch nor leaf" }),
        }
    }

    /// A page with those it goes on over.
    fn page(&self, page: u64) -> Result<Vec<u8>, FileError> {
        let bad = |problem| FileError::Page { page, problem };
        if page < 2 || page >= self.pages {
            return Err(bad("it is beyond the end of the file"));
        }
        let offset = page * self.page_size;
        let mut header = [0; HEADER];
        self.file.read_at(offset, &mut header)?;
        if u64_at(&header, 0) != Some(page) {
            return Err(bad("it says that it is another"));
        }
        let overflow = u64::from(u32_at(&header, 12).unwrap_or_default());
        let length = (overflow + 1) * self.page_size;
        if overflow >= self.pages - page || length > LARGEST {
            return Err(bad("it goes on beyond the end of the file"));
        }
        let mut content = vec![0; usize::try_from(length).map_err(|_| bad("it is too large"))?];
        self.file.read_at(offset, &mut content)?;
        Ok(content)
    }
}

impl Meta {
    /// The meta page at an offset; nothing where it is torn.
    fn read(file: &dyn ReadAt, offset: u64) -> Result<Option<Self>, FileError> {
        let mut page = [0; HEADER + META];
        if offset.saturating_add(page.len() as u64) > file.size()? {
            return Ok(None);
        }
        file.read_at(offset, &mut page)?;
        Ok(Self::parse(page.get(HEADER..).unwrap_or_default()))
    }

    fn parse(meta: &[u8]) -> Option<Self> {
        let checksum = fnv(meta.get(..META - 8)?);
        if u32_at(meta, 0)? != MAGIC || u32_at(meta, 4)? != VERSION || u64_at(meta, META - 8)? != checksum {
            return None;
        }
        let page_size = u64::from(u32_at(meta, 8)?);
        let sound = PAGE_SIZES.contains(&page_size) && page_size.is_power_of_two();
        sound.then_some(Self { page_size, root: u64_at(meta, 16)?, transaction: u64_at(meta, 48)? })
    }
}

/// The bucket that a value is.
fn bucket_of(value: &[u8]) -> Result<Bucket, FileError> {
    let bad = FileError::NotEtcd("a bucket has no header");
    match u64_at(value, 0) {
        Some(0) => Ok(Bucket::Inline(value.get(HEADER..).ok_or(bad)?.to_vec())),
        Some(root) if value.len() >= HEADER => Ok(Bucket::Page(root)),
        _ => Err(bad),
    }
}

fn leaf(page: u64, content: &[u8], visit: Visit<'_>) -> Result<(), FileError> {
    let bad = |problem| FileError::Page { page, problem };
    if kind(page, content)? != LEAF {
        return Err(bad("it is no leaf"));
    }
    for index in 0..count(page, content)? {
        let at = element(index);
        let field = |offset| u32_at(content, at + offset).ok_or(bad("an element is beyond its end"));
        let (flags, position, key, value) = (field(0)?, field(4)?, field(8)?, field(12)?);
        let begin = at.checked_add(position as usize).ok_or(bad("a key is beyond its end"))?;
        let middle = begin.checked_add(key as usize).ok_or(bad("a key is beyond its end"))?;
        let end = middle.checked_add(value as usize).ok_or(bad("a value is beyond its end"))?;
        let key = content.get(begin..middle).ok_or(bad("a key is beyond its end"))?;
        let value = content.get(middle..end).ok_or(bad("a value is beyond its end"))?;
        visit(key, value, flags & BUCKET != 0)?;
    }
    Ok(())
}

fn kind(page: u64, content: &[u8]) -> Result<u16, FileError> {
    u16_at(content, 8).ok_or(FileError::Page { page, problem: "it has no header" })
}

/// How many elements a page has; so many fit on it at most.
fn count(page: u64, content: &[u8]) -> Result<usize, FileError> {
    let count = u16_at(content, 10).map(usize::from);
    let count = count.ok_or(FileError::Page { page, problem: "it has no header" })?;
    if element(count) > content.len() {
        return Err(FileError::Page { page, problem: "it has more elements than fit on it" });
    }
    Ok(count)
}

/// Where an element begins.
fn element(index: usize) -> usize {
    HEADER + index * 16
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at.checked_add(8)?)?.try_into().ok()?))
}

/// FNV-1a of 64 bits.
fn fnv(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}
