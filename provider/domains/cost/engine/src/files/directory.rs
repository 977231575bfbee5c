//! Files of a directory, opened so that nothing outside of it can be reached.

use std::fs::File;
use std::io::Read as _;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{CWD, Dir, FileType, Mode, OFlags, fstat, openat};
use rustix::io::Errno;

use super::{FileError, MAX_ENTRIES};
use crate::documents::{Approval, MAX_BYTES};
use crate::json::parse;

/// A pipe would hang whoever opens it to read; this way it is opened, seen for what it is, and closed.
const READ: OFlags = OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::CLOEXEC).union(OFlags::NOCTTY);

/// Opens a directory that somebody configured: links on the way to it are that person's.
pub(super) fn open_root(path: &Path) -> Result<OwnedFd, FileError> {
    openat(CWD, path, READ | OFlags::DIRECTORY, Mode::empty()).map_err(told)
}

/// Opens a directory in a directory. The name has no separator and is not `..`, and links are not followed: so it lies
/// beneath, on every system that has `openat`.
pub(super) fn open_directory(parent: impl AsFd, name: &str) -> Result<OwnedFd, FileError> {
    let opened = openat(parent.as_fd(), name, READ | OFlags::DIRECTORY | OFlags::NOFOLLOW, Mode::empty());
    match opened {
        // What a link is told as differs from system to system where a directory is asked for.
        Err(Errno::NOTDIR) if is_link(parent.as_fd(), name) => Err(FileError::Link),
        Err(Errno::NOTDIR) => Err(FileError::Kind("a file where a directory is expected")),
        other => other.map_err(told),
    }
}

fn is_link(parent: impl AsFd, name: &str) -> bool {
    rustix::fs::statat(parent, name, rustix::fs::AtFlags::SYMLINK_NOFOLLOW)
        .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Symlink)
}

/// Reads a file of a directory.
pub(super) fn read_in(directory: impl AsFd, name: &str) -> Result<Vec<u8>, FileError> {
    content(openat(directory, name, READ | OFlags::NOFOLLOW, Mode::empty()).map_err(told)?)
}

/// Names in a directory.
pub(super) fn names(directory: impl AsFd) -> Result<Vec<String>, FileError> {
    let mut names = Vec::new();
    for entry in Dir::read_from(directory).map_err(told)? {
        let entry = entry.map_err(told)?;
        let name = entry.file_name().to_string_lossy();
        if name == "." || name == ".." {
            continue;
        }
        if names.len() == MAX_ENTRIES {
            return Err(FileError::Entries);
        }
        names.push(name.into_owned());
    }
    names.sort_unstable();
    Ok(names)
}

/// Reads a document that somebody named: a regular file of no more than a document may have. Links are followed, for a
/// mounted secret or configuration is one.
///
/// # Errors
/// [`FileError`], without the path, which the caller has.
pub fn read_file(path: &Path) -> Result<Vec<u8>, FileError> {
    content(openat(CWD, path, READ, Mode::empty()).map_err(told)?)
}

/// Reads something to import, which may be larger than a document.
///
/// # Errors
/// As [`read_file`].
pub fn read_large_file(path: &Path) -> Result<Vec<u8>, FileError> {
    let opened = openat(CWD, path, READ, Mode::empty()).map_err(told)?;
    content_up_to(opened, MAX_IMPORT).map_err(|error| match error {
        FileError::Size => FileError::Import,
        other => other,
    })
}

/// Bytes of something to import at most.
const MAX_IMPORT: usize = 256 << 20;

fn content(opened: OwnedFd) -> Result<Vec<u8>, FileError> {
    content_up_to(opened, MAX_BYTES)
}

fn content_up_to(opened: OwnedFd, most: usize) -> Result<Vec<u8>, FileError> {
    let stat = fstat(&opened).map_err(told)?;
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => {}
        FileType::Directory => return Err(FileError::Kind("a directory")),
        FileType::Fifo => return Err(FileError::Kind("a pipe")),
        FileType::Socket => return Err(FileError::Kind("a socket")),
        _ => return Err(FileError::Kind("a device")),
    }
    let stated = usize::try_from(stat.st_size).unwrap_or(0).min(most);
    let mut bytes = Vec::with_capacity(stated + 1);
    // By what is read and not by what is stated: a file may grow.
    let bound = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    File::from(opened).take(bound).read_to_end(&mut bytes)?;
    if bytes.len() > most { Err(FileError::Size) } else { Ok(bytes) }
}

pub(super) fn told(error: Errno) -> FileError {
    match error {
        Errno::NOENT => FileError::Missing,
        Errno::LOOP => FileError::Link,
        // What opening a socket says.
        Errno::NXIO => FileError::Kind("a socket"),
        other => FileError::System(other.into()),
    }
}

/// Approvals of a directory.
#[derive(Debug, Default)]
pub struct Approvals {
    /// Those that could be read.
    pub read: Vec<Approval>,
    /// Names of those that could not, and why. They lift nothing.
    pub unreadable: Vec<(String, String)>,
}

/// Reads every approval, `*.json`, of a directory.
///
/// # Errors
/// The directory cannot be read. One that is not there has no approvals.
pub fn read_approvals(directory: &Path) -> Result<Approvals, FileError> {
    let opened = match open_root(directory) {
        Err(FileError::Missing) => return Ok(Approvals::default()),
        other => other?,
    };
    let mut approvals = Approvals::default();
    for name in names(&opened)?.into_iter().filter(|name| is_document(name)) {
        let read = read_in(&opened, &name).map_err(|error| error.to_string()).and_then(|bytes| {
            let value = parse(&bytes).map_err(|error| error.to_string())?;
            Approval::read(&value).map_err(|error| error.to_string())
        });
        match read {
            Ok(approval) => approvals.read.push(approval),
            Err(why) => approvals.unreadable.push((name, why)),
        }
    }
    Ok(approvals)
}

/// Whether a name is one of a document, and not a hidden or temporary one.
pub(super) fn is_document(name: &str) -> bool {
    name.ends_with(".json") && !name.starts_with('.')
}
