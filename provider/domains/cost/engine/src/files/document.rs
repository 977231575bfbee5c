//! One document, or the approvals of a directory, wherever they lie.

use std::path::PathBuf;

use object_store::path::Path;

use super::directory::{is_document, read_approvals, read_file};
use super::shelf::Shelf;
use super::{Approvals, FileError, Source};
use crate::documents::Approval;
use crate::json::parse;

impl Source {
    /// The document that lies at this very place.
    ///
    /// # Errors
    /// [`FileError`].
    pub async fn document(&self) -> Result<Vec<u8>, FileError> {
        match self {
            Self::Directory(path) => blocking(path.clone(), |path| read_file(&path)).await,
            Self::Store(store, place) => {
                let parts: Vec<_> = place.parts().collect();
                let Some((name, folder)) = parts.split_last() else { return Err(FileError::Missing) };
                let folder = Path::from_iter(folder.iter().cloned());
                Shelf::Store(store.clone(), folder).read(name.as_ref()).await
            }
        }
    }

    /// Every approval, `*.json`, below this place.
    ///
    /// # Errors
    /// The place cannot be read. One that is not there has no approvals.
    pub async fn approvals(&self) -> Result<Approvals, FileError> {
        let (store, place) = match self {
            Self::Directory(path) => return blocking(path.clone(), |path| read_approvals(&path)).await,
            Self::Store(store, place) => (store, place),
        };
        let shelf = Shelf::Store(store.clone(), place.clone());
        let mut approvals = Approvals::default();
        for name in shelf.names().await?.into_iter().filter(|name| is_document(name)) {
            let read = match shelf.read(&name).await {
                Ok(bytes) => approval(&bytes),
                Err(error) => Err(error.to_string()),
            };
            match read {
                Ok(approval) => approvals.read.push(approval),
                Err(why) => approvals.unreadable.push((name, why)),
            }
        }
        Ok(approvals)
    }
}

fn approval(bytes: &[u8]) -> Result<Approval, String> {
    let value = parse(bytes).map_err(|error| error.to_string())?;
    Approval::read(&value).map_err(|error| error.to_string())
}

/// Files block, so that they get a thread of their own.
async fn blocking<T: Send + 'static>(
    path: PathBuf,
    read: impl FnOnce(PathBuf) -> Result<T, FileError> + Send + 'static,
) -> Result<T, FileError> {
    let read = tokio::task::spawn_blocking(move || read(path)).await;
    read.unwrap_or_else(|error| Err(FileError::System(std::io::Error::other(error))))
}
