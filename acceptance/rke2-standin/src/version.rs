//! The version of this program: one file plays every version, a trailer at its end says which.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};

/// What stands before the version in the trailer.
pub(crate) const MARK: &str = "RKE2-STANDIN ";

/// What a binary without a trailer says to be.
pub(crate) const UNMARKED: &str = "v0.0.0+standin";

/// The version in the trailer of the running program.
pub(crate) fn own() -> String {
    std::env::current_exe().ok().and_then(|path| trailer(&path)).unwrap_or_else(|| UNMARKED.to_owned())
}

/// The version a file's last line tells, if it is a packed stand-in.
pub(crate) fn trailer(path: &std::path::Path) -> Option<String> {
    let mut file = File::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(128))).ok()?;
    let mut end = Vec::new();
    file.read_to_end(&mut end).ok()?;
    let text = String::from_utf8_lossy(&end);
    let version = text.trim_end().rsplit('\n').next()?.strip_prefix(MARK)?;
    (version.starts_with('v') && version.len() < 64).then(|| version.to_owned())
}

/// The version as tags of images carry it: `-` for `+`.
pub(crate) fn tag(version: &str) -> String {
    version.replace('+', "-")
}

/// The version of Kubernetes in it, `v1.33.4`.
pub(crate) fn kubernetes(version: &str) -> &str {
    version.split('+').next().unwrap_or(version)
}

/// The minor version, 0 for what is no version.
pub(crate) fn minor(version: &str) -> u32 {
    version.split('.').nth(1).and_then(|text| text.parse().ok()).unwrap_or(0)
}
