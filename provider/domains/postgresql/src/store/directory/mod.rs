//! Archives in a directory: of this machine, of the database's host, of an SFTP server that has a shell.

mod here;

use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use transport_base::Budget;
use transport_ssh::{Input, Machine, MachineError, Output};

use super::object::{Condition, Counters, Fetched, Object, Store, StoreError, Version};

const LIST: &str = include_str!("list.sh");
const GET: &str = include_str!("get.sh");
const PUT: &str = include_str!("put.sh");
const DELETE: &str = include_str!("delete.sh");

/// Code by which a script says that there is no such file.
const NO_FILE: u32 = 66;
/// Code by which a script says that the condition does not hold.
const CHANGED: u32 = 65;
/// Bytes that one run of a script answers at most: less than what a shell keeps.
const PART: u64 = 3 << 20;

/// An archive in a directory. The tag of a version is the SHA-256 of the content; conditional writes are atomic among
/// those who write by way of this type, by a lock on a file in the directory.
#[derive(Debug)]
pub struct Directory {
    machine: Machine,
    root: String,
    place: String,
    counters: Counters,
}

impl Directory {
    /// A directory of a machine.
    pub fn new(machine: Machine, root: &str, place: &str) -> Self {
        let place = format!("{place} on {}", machine.name());
        Self { machine, root: root.to_owned(), place, counters: Counters::default() }
    }

    /// A directory of this machine.
    pub fn here(root: &str, place: &str) -> Self {
        Self::new(Machine::new(Arc::new(here::Here)), root, place)
    }

    async fn run(
        &self,
        kind: &str,
        script: &str,
        arguments: &[&str],
        input: Input,
        budget: &Budget,
    ) -> Result<Output, StoreError> {
        self.counters.count(kind);
        Ok(self.machine.run(script, arguments, input, budget).await.map_err(MachineError::from)?)
    }

    fn failed(&self, what: &str, output: &Output) -> StoreError {
        self.machine.failed(what, output).into()
    }

    async fn part(
        &self,
        key: &str,
        from: u64,
        length: u64,
        budget: &Budget,
    ) -> Result<Option<Part>, StoreError> {
        let (offset, count) = (from.to_string(), length.to_string());
        let output =
            self.run("get", GET, &[&self.root, key, &offset, &count], Input::Nothing, budget).await?;
        match output.code() {
            Some(NO_FILE) => Ok(None),
            Some(0) => {
                let damaged = || StoreError::Damaged {
                    place: self.place.clone(),
                    key: key.to_owned(),
                    problem: "the answer does not begin with the size".to_owned(),
                };
                let end = output.stdout.iter().position(|byte| *byte == b'\n').ok_or_else(damaged)?;
                let (size, content) = output.stdout.split_at(end);
                let size = std::str::from_utf8(size).ok().and_then(|size| size.parse().ok());
                let content = content.get(1..).unwrap_or_default().to_vec();
                Ok(Some(Part { size: size.ok_or_else(damaged)?, content }))
            }
            _ => Err(self.failed(&format!("reading {key}"), &output)),
        }
    }
}

struct Part {
    size: u64,
    content: Vec<u8>,
}

fn version(content: &[u8]) -> Version {
    let digest = Sha256::digest(content);
    let tag = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    Version { tag: Some(tag), generation: None }
}

/// A line of the list: `SIZE SECONDS.FRACTION INODE ./PATH`.
fn object(line: &str) -> Option<Object> {
    let mut words = line.splitn(4, ' ');
    let (size, time, inode, path) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let (seconds, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let nanoseconds: String = fraction.chars().chain("000000000".chars()).take(9).collect();
    let modified = OffsetDateTime::from_unix_timestamp(seconds.parse().ok()?).ok()?
        + time::Duration::nanoseconds(nanoseconds.parse().ok()?);
    let key = path.strip_prefix("./")?.trim_start_matches('/').to_owned();
    Some(Object { key, size: size.parse().ok()?, modified, tag: Some(format!("{inode}-{time}-{size}")) })
}

#[async_trait]
impl Store for Directory {
    fn place(&self) -> &str {
        &self.place
    }

    fn counters(&self) -> &Counters {
        &self.counters
    }

    async fn list(
        &self,
        under: &str,
        after: Option<&str>,
        budget: &Budget,
    ) -> Result<Vec<Object>, StoreError> {
        let output = self.run("list", LIST, &[&self.root, under], Input::Nothing, budget).await?;
        if !output.ok() || output.truncated {
            return Err(self.failed(&format!("listing {under}"), &output));
        }
        let text = output.text();
        let listed = text.lines().filter_map(object);
        let mut objects: Vec<Object> =
            listed.filter(|object| after.is_none_or(|after| object.key.as_str() > after)).collect();
        objects.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(objects)
    }

    async fn get(
        &self,
        key: &str,
        range: Option<Range<u64>>,
        budget: &Budget,
    ) -> Result<Option<Fetched>, StoreError> {
        let Range { start, end } = range.unwrap_or(0..u64::MAX);
        let (mut content, mut size) = (Vec::new(), None);
        loop {
            let from = start.saturating_add(content.len() as u64);
            let wanted = end.saturating_sub(from).min(PART);
            let Some(part) = self.part(key, from, wanted, budget).await? else { return Ok(None) };
            // Who replaces a file in between replaces it whole.
            if *size.get_or_insert(part.size) != part.size {
                let what = format!("a whole {key}: it changed while it was read");
                return Err(StoreError::Unsupported { place: self.place.clone(), what });
            }
            let got = part.content.len() as u64;
            content.extend(part.content);
            if got < wanted || from.saturating_add(got) >= end.min(part.size) {
                let version = version(&content);
                return Ok(Some(Fetched { content: content.into(), version, size: part.size }));
            }
        }
    }

    async fn put(
        &self,
        key: &str,
        content: Bytes,
        condition: Condition<'_>,
        budget: &Budget,
    ) -> Result<Version, StoreError> {
        let (word, tag) = match condition {
            Condition::Always => ("always", ""),
            Condition::Absent => ("absent", ""),
            Condition::Over(version) => ("over", version.tag.as_deref().unwrap_or("none")),
        };
        let version = version(&content);
        let length = content.len().to_string();
        let arguments = [self.root.as_str(), key, word, tag, &length];
        let output = self.run("put", PUT, &arguments, Input::Bytes(content), budget).await?;
        match output.code() {
            Some(0) => Ok(version),
            Some(CHANGED) => Err(StoreError::Changed { place: self.place.clone(), key: key.to_owned() }),
            _ => Err(self.failed(&format!("writing {key}"), &output)),
        }
    }

    async fn delete(&self, keys: &[String], budget: &Budget) -> Result<(), StoreError> {
        let lines: String = keys.iter().map(|key| format!("{key}\n")).collect();
        let output = self.run("delete", DELETE, &[&self.root], Input::Bytes(lines.into()), budget).await?;
        if output.ok() { Ok(()) } else { Err(self.failed("deleting files", &output)) }
    }
}
