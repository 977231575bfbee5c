//! What is wrong with a snapshot's file.

/// What is wrong with a snapshot's file.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// There is nothing in it.
    #[error("it is empty")]
    Empty,
    /// It ends where a snapshot cannot end.
    #[error("it was cut off: it has {size} bytes, and a whole snapshot has a multiple of 512 and 32 more")]
    CutOff {
        /// Its size.
        size: u64,
    },
    /// Its trailer is that of other content.
    #[error(
        "its content is not what was written: the SHA-256 at its end says {said}, the content has {found}"
    )]
    Damaged {
        /// What its last bytes say.
        said: String,
        /// What the content has.
        found: String,
    },
    /// It is packed.
    #[error(
        "it is compressed (zip): unpack it first, or set `etcd-snapshot-compress: false` for those to come"
    )]
    Compressed,
    /// It is no database of etcd.
    #[error("it is no database of etcd: {0}")]
    NotEtcd(&'static str),
    /// A page of the database makes no sense.
    #[error("page {page} of the database makes no sense: {problem}")]
    Page {
        /// The page.
        page: u64,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// It cannot be read.
    #[error("it cannot be read")]
    Io(#[from] std::io::Error),
}
