//! Writing an artefact: whole or not at all, and never over another one.

use std::fs::File;
use std::io::Write as _;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use object_store::path::Path;
use object_store::{ObjectStore, PutMode, PutOptions, PutPayload};
use rustix::fs::{AtFlags, Mode, OFlags, RenameFlags, mkdirat, openat, renameat, renameat_with, unlinkat};
use rustix::io::Errno;

use super::directory::{open_directory, open_root, read_in, told};
use super::select::file_name;
use super::shelf::Shelf;
use super::signature::SIGNATURE_SUFFIX;
use super::{FileError, Source};
use crate::documents::{is_component, is_run_id};
use crate::json::{Digest, Json, digest, parse};

/// What came of writing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// It is there, at this path below the root.
    New(String),
    /// The same was there already.
    There(String),
}

/// Why an artefact was not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// Another one of this run is there.
    #[error("{0} is there and says something else; a run id is used once")]
    Exists(String),
    /// Its names are none.
    #[error("{0:?} is no name that may be written")]
    Name(String),
    /// It cannot be written.
    #[error("{path}: {source}")]
    File {
        /// Where.
        path: String,
        /// Why.
        #[source]
        source: FileError,
    },
}

impl Source {
    /// Writes the artefact of a run, and its signature before it: nobody sees one that is not signed yet.
    ///
    /// # Errors
    /// Another artefact of the run is there, or it cannot be written.
    pub async fn write(
        &self,
        component: &str,
        run_id: &str,
        artifact: &Json<'_>,
        signature: Option<&Json<'_>>,
    ) -> Result<Written, WriteError> {
        if !is_component(component) || !is_run_id(run_id) {
            return Err(WriteError::Name(format!("{component}/{run_id}")));
        }
        let name = file_name(run_id);
        let path = format!("{component}/{name}");
        let failed = |source| WriteError::File { path: path.clone(), source };
        let place = Place::open(self, component).map_err(failed)?;
        let ours = digest(artifact);
        if let Some(there) = place.digest_of(&name).await.map_err(failed)? {
            return same(there, ours, path);
        }
        if let Some(signature) = signature {
            let name = format!("{name}{SIGNATURE_SUFFIX}");
            place.put(&name, &pretty(signature), true).await.map_err(failed)?;
        }
        if place.put(&name, &pretty(artifact), false).await.map_err(failed)? {
            return Ok(Written::New(path));
        }
        let there = place.digest_of(&name).await.map_err(failed)?;
        same(there.unwrap_or(Some(ours)), ours, path)
    }
}

fn same(there: Option<Digest>, ours: Digest, path: String) -> Result<Written, WriteError> {
    if there == Some(ours) { Ok(Written::There(path)) } else { Err(WriteError::Exists(path)) }
}

/// A document as people read it: each member of the document on a line of its own.
fn pretty(value: &Json<'_>) -> String {
    let Json::Object(members) = value else { return crate::json::canonical(value) };
    let line = |(key, value): &(std::borrow::Cow<'_, str>, Json<'_>)| {
        let key = crate::json::canonical(&Json::of(key));
        match value {
            Json::List(elements) if !elements.is_empty() => {
                let elements: Vec<String> = elements
                    .iter()
                    .map(|element| format!("    {}", crate::json::canonical(element)))
                    .collect();
                format!("  {key}: [\n{}\n  ]", elements.join(",\n"))
            }
            other => format!("  {key}: {}", crate::json::canonical(other)),
        }
    };
    format!("{{\n{}\n}}\n", members.iter().map(line).collect::<Vec<_>>().join(",\n"))
}

/// Where artefacts of a component are written to.
enum Place {
    Directory(OwnedFd),
    Store(Arc<dyn ObjectStore>, Path, Shelf),
}

impl Place {
    fn open(source: &Source, component: &str) -> Result<Self, FileError> {
        match source {
            Source::Store(store, root) => {
                let place = root.clone().join(component);
                Ok(Self::Store(store.clone(), place, Shelf::store(store.clone(), root, component)))
            }
            Source::Directory(root) => {
                std::fs::create_dir_all(root)?;
                let opened = open_root(root)?;
                match mkdirat(&opened, component, Mode::from_raw_mode(0o755)) {
                    Ok(()) => rustix::fs::fsync(&opened).map_err(told)?,
                    Err(Errno::EXIST) => {}
                    Err(error) => return Err(told(error)),
                }
                open_directory(&opened, component).map(Self::Directory)
            }
        }
    }

    /// The digest of a file that is there; one that is no document has none.
    async fn digest_of(&self, name: &str) -> Result<Option<Option<Digest>>, FileError> {
        let read = match self {
            Self::Directory(directory) => read_in(directory, name),
            Self::Store(_, _, shelf) => shelf.read(name).await,
        };
        match read {
            Err(FileError::Missing) => Ok(None),
            Err(error) => Err(error),
            Ok(bytes) => Ok(Some(parse(&bytes).ok().map(|value| digest(&value)))),
        }
    }

    /// Writes a file; false where there is one and it may not be replaced.
    async fn put(&self, name: &str, text: &str, replace: bool) -> Result<bool, FileError> {
        match self {
            Self::Directory(directory) => put_file(directory, name, text, replace),
            Self::Store(store, place, _) => {
                let mode = if replace { PutMode::Overwrite } else { PutMode::Create };
                let payload = PutPayload::from(text.to_owned());
                match store.put_opts(&place.clone().join(name), payload, PutOptions::from(mode)).await {
                    Ok(_) => Ok(true),
                    Err(
                        object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. },
                    ) => Ok(false),
                    Err(error) => Err(error.into()),
                }
            }
        }
    }
}

/// A file under another name first, on the disk, and then under its own: whoever looks sees all of it or nothing.
fn put_file(directory: impl AsFd, name: &str, text: &str, replace: bool) -> Result<bool, FileError> {
    let directory = directory.as_fd();
    let temporary = format!(".{name}.{}", std::process::id());
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let opened = openat(directory, &temporary, flags, Mode::from_raw_mode(0o644)).map_err(told)?;
    let mut file = File::from(opened);
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    let renamed = written.map_err(FileError::System).and_then(|()| {
        let renamed = if replace {
            renameat(directory, &temporary, directory, name)
        } else {
            renameat_with(directory, &temporary, directory, name, RenameFlags::NOREPLACE)
        };
        match renamed {
            Ok(()) => Ok(true),
            Err(Errno::EXIST) => Ok(false),
            Err(error) => Err(told(error)),
        }
    });
    if !matches!(renamed, Ok(true)) {
        let _ = unlinkat(directory, &temporary, AtFlags::empty());
    }
    rustix::fs::fsync(directory).map_err(told)?;
    renamed
}
