//! Why there is no documentation.

use std::path::PathBuf;

/// Why the documentation could not be made, written or compared.
#[derive(Debug, thiserror::Error)]
pub enum DocsError {
    /// A file or directory could not be read.
    #[error("{} cannot be read", path.display())]
    Read {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A page could not be written, or one that is no longer wanted could not be removed.
    #[error("{} cannot be written", path.display())]
    Write {
        /// The page.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A page is larger than the registry takes.
    #[error("{} has {bytes} bytes; the registry takes fewer than {limit}", page.display())]
    PageTooLarge {
        /// The page, under `docs/`.
        page: PathBuf,
        /// Its size.
        bytes: usize,
        /// The registry's limit.
        limit: usize,
    },
    /// There are more pages than the registry takes.
    #[error("there are {pages} pages; the registry takes {limit}")]
    TooManyPages {
        /// How many.
        pages: usize,
        /// The registry's limit.
        limit: usize,
    },
}
