//! A snapshot's file, read without etcd: whether it is whole, which cluster it is of, which token opens it.
//!
//! A snapshot is the database file of etcd (bbolt) with the SHA-256 of it as the last 32 bytes. All of it is read from
//! the file alone, so that a restore is refused before anything is stopped for it. Nothing here trusts the file: every
//! offset, count and length is checked, pages are visited once, and what is kept in memory is bounded by what is counted.

mod bolt;
mod bootstrap;
mod contents;
mod error;
mod objects;
mod proof;
mod protobuf;
mod read_at;
mod trailer;

pub use bootstrap::{Sealed, TokenHash, password};
pub use contents::{Contents, Member};
pub use error::FileError;
pub use proof::{Expected, Objection, Proof};
pub use read_at::ReadAt;
pub use trailer::{TRAILER, check as check_trailer};

/// Looks into a snapshot: its trailer first, then what is in it.
///
/// # Errors
/// [`FileError`]: it is no snapshot, or not a whole one.
pub fn read(file: &dyn ReadAt) -> Result<Contents, FileError> {
    let database = trailer::check(file)?;
    Contents::read(&read_at::Head::new(file, database))
}

/// Looks into a database of etcd that has no trailer, such as the file a stopped server left.
///
/// # Errors
/// [`FileError`]: it is no database, or not a whole one.
pub fn read_database(file: &dyn ReadAt) -> Result<Contents, FileError> {
    Contents::read(file)
}
