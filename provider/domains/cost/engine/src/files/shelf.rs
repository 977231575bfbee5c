//! Where the artefacts of one component lie: the same reads on a directory and on an object store.

use std::os::fd::OwnedFd;
use std::path::Path as FilePath;
use std::sync::Arc;

use futures::TryStreamExt as _;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};

use super::{FileError, MAX_ENTRIES, directory};
use crate::documents::MAX_BYTES;

/// The place of one component.
pub(super) enum Shelf {
    /// An open directory.
    Directory(OwnedFd),
    /// A prefix of a store.
    Store(Arc<dyn ObjectStore>, Path),
}

impl Shelf {
    pub(super) fn directory(root: &FilePath, component: &str) -> Result<Self, FileError> {
        let root = directory::open_root(root)?;
        directory::open_directory(root, component).map(Self::Directory)
    }

    pub(super) fn store(store: Arc<dyn ObjectStore>, root: &Path, component: &str) -> Self {
        Self::Store(store, root.clone().join(component))
    }

    /// Names of what lies there, in order.
    pub(super) async fn names(&self) -> Result<Vec<String>, FileError> {
        match self {
            Self::Directory(opened) => directory::names(opened),
            Self::Store(store, place) => {
                let mut names = Vec::new();
                let mut listed = store.list(Some(place));
                while let Some(object) = listed.try_next().await? {
                    // What lies deeper is not an artefact of this component.
                    let below = object.location.prefix_match(place).map(Iterator::count);
                    if below == Some(1) {
                        names.extend(object.location.filename().map(str::to_owned));
                    }
                    if names.len() > MAX_ENTRIES {
                        return Err(FileError::Entries);
                    }
                }
                names.sort_unstable();
                Ok(names)
            }
        }
    }

    /// A document.
    pub(super) async fn read(&self, name: &str) -> Result<Vec<u8>, FileError> {
        match self {
            Self::Directory(opened) => directory::read_in(opened, name),
            Self::Store(store, place) => {
                let found = match store.get(&place.clone().join(name)).await {
                    Err(object_store::Error::NotFound { .. }) => return Err(FileError::Missing),
                    other => other?,
                };
                let mut bytes = Vec::new();
                let mut chunks = found.into_stream();
                while let Some(chunk) = chunks.try_next().await? {
                    if bytes.len() + chunk.len() > MAX_BYTES {
                        return Err(FileError::Size);
                    }
                    bytes.extend_from_slice(&chunk);
                }
                Ok(bytes)
            }
        }
    }
}
