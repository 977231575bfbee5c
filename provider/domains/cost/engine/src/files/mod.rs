//! Reading what others left: artefacts below a root, approvals, and documents that are named one by one.
//!
//! What lies there is not trusted: names follow closed patterns, nothing is reached through a symbolic link, only regular
//! files are opened, and no more is read than a document may have.

mod directory;
mod document;
mod select;
mod shelf;
mod signature;
mod write;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use object_store::ObjectStore;
use object_store::path::Path;

pub use directory::{Approvals, read_approvals, read_file, read_large_file};
pub use signature::{SIGNATURE_SUFFIX, signature, signed_text};
pub use write::{WriteError, Written};

use crate::documents::{Key, Policy, is_component, is_run_id};
use crate::request::Request;
use crate::rules::{Found, NotFound};
use shelf::Shelf;

/// Entries of a directory at most.
pub const MAX_ENTRIES: usize = 10_000;

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// There is none.
    #[error("there is no such file")]
    Missing,
    /// It is a symbolic link.
    #[error("is a symbolic link, which is not followed; put the file itself there")]
    Link,
    /// It is something that is no file, such as a pipe.
    #[error("is {0}, not a regular file")]
    Kind(&'static str),
    /// It is too large.
    #[error("is larger than {} MiB", crate::documents::MAX_BYTES >> 20)]
    Size,
    /// It is too large even for something to import.
    #[error("is larger than 256 MiB")]
    Import,
    /// There are too many of them.
    #[error("has more than {MAX_ENTRIES} entries; move old ones away")]
    Entries,
    /// The system failed.
    #[error("cannot be read: {0}")]
    System(#[from] std::io::Error),
    /// The store failed.
    #[error("cannot be read: {0}")]
    Store(#[from] object_store::Error),
}

/// Where artefacts lie, as `<component>/cost-run-<run_id>.json`.
#[derive(Debug, Clone)]
pub enum Source {
    /// Below a directory.
    Directory(PathBuf),
    /// Below a place of an object store.
    Store(Arc<dyn ObjectStore>, Path),
}

/// Why a location is none.
#[derive(Debug, thiserror::Error)]
#[error("{location}: {why}")]
pub struct LocationError {
    /// What was given.
    pub location: String,
    /// What is wrong with it.
    pub why: String,
}

impl Source {
    /// A directory, or `s3://bucket/prefix`, `gs://…`, `az://…` with credentials from `options`, which take the names that
    /// the environment has for them. Opens nothing.
    ///
    /// # Errors
    /// The location has a scheme nobody knows, or the options do not make a store.
    pub fn at(
        location: &str,
        options: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, LocationError> {
        if !location.contains("://") {
            return Ok(Self::Directory(PathBuf::from(location)));
        }
        let (store, path) = store_at(location, options)?;
        Ok(Self::Store(store, path))
    }

    /// The artefact of a component: that of a run, or the newest by its own `timeGenerated`.
    ///
    /// Whatever is wrong is told as what was found: the rules make a verdict of it.
    pub async fn find(
        &self,
        component: &str,
        run_id: Option<&str>,
        signers: &BTreeMap<String, Key>,
    ) -> Found {
        let found = |artifact| Found { component: component.to_owned(), artifact };
        if !is_component(component) || run_id.is_some_and(|run_id| !is_run_id(run_id)) {
            let why = "is no name that may be looked for".to_owned();
            let path = format!("{component}/{}", run_id.map(select::file_name).unwrap_or_default());
            return found(Err(NotFound::Invalid { path, why }));
        }
        match self {
            Self::Store(store, root) => {
                let shelf = Shelf::store(store.clone(), root, component);
                found(select::select(Ok(shelf), component, run_id, signers).await)
            }
            Self::Directory(root) => {
                // Files block, so that they get a thread of their own.
                let (root, name) = (root.clone(), component.to_owned());
                let (run_id, signers) = (run_id.map(str::to_owned), signers.clone());
                let read = move || {
                    let shelf = Shelf::directory(&root, &name);
                    let select = select::select(shelf, &name, run_id.as_deref(), &signers);
                    futures::executor::block_on(select)
                };
                let read = tokio::task::spawn_blocking(read).await;
                found(read.unwrap_or_else(|error| {
                    Err(NotFound::Invalid { path: format!("{component}/"), why: error.to_string() })
                }))
            }
        }
    }

    /// The artefacts of all components of a request.
    pub async fn find_all(&self, request: &Request, policy: &Policy) -> Vec<Found> {
        let signers = &policy.artifact.signers;
        let mut all = Vec::with_capacity(request.components.len());
        for component in &request.components {
            all.push(self.find(component, request.run_id.as_deref(), signers).await);
        }
        all
    }
}

/// The store that an address names, and the place in it.
///
/// # Errors
/// The address has a scheme nobody knows, or the options do not make a store.
pub fn store_at(
    location: &str,
    options: impl IntoIterator<Item = (String, String)>,
) -> Result<(Arc<dyn ObjectStore>, Path), LocationError> {
    let wrong = |why: String| LocationError { location: location.to_owned(), why };
    let url = reqwest::Url::parse(location).map_err(|error| wrong(error.to_string()))?;
    if !matches!(url.scheme(), "s3" | "s3a" | "gs" | "az" | "azure" | "abfs" | "abfss" | "adl") {
        return Err(wrong("neither a directory nor s3://, gs:// or az://".to_owned()));
    }
    let (store, path) =
        object_store::parse_url_opts(&url, options).map_err(|error| wrong(error.to_string()))?;
    Ok((Arc::from(store), path))
}
