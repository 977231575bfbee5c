//! What lies inside a volume: a mark when it is made, a fingerprint to compare, a way to write to it.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::{hex, qemu_img};
use crate::pve::guest::random_uuid;

/// Where the mark stands: the first block of a file system.
const MARK_AT: u64 = 1024;
/// Where a test's bytes go, behind the mark.
const WRITE_AT: u64 = 65_536;
/// How much of a volume its fingerprint covers.
const COVERED: u64 = 1 << 20;

/// Gives a fresh file system bytes of its own, so that one is told from another.
pub(crate) fn mark(path: &Path) -> std::io::Result<()> {
    put(path, MARK_AT, format!("stand-in file system {}\n", random_uuid()).as_bytes())
}

fn put(path: &Path, at: u64, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = File::options().write(true).open(path)?;
    file.seek(SeekFrom::Start(at))?;
    file.write_all(bytes)
}

/// Writes into a volume, as the system of its guest would.
pub(crate) fn write(path: &Path, format: &str, bytes: &[u8]) -> std::io::Result<()> {
    if format == "raw" {
        return put(path, WRITE_AT, bytes);
    }
    let temporary = path.with_extension("write");
    std::fs::write(&temporary, bytes)?;
    let command = format!("write -s {} {WRITE_AT} {}", temporary.display(), bytes.len());
    let done = std::process::Command::new("qemu-io").args(["-f", format, "-c", &command]).arg(path).output();
    let _ = std::fs::remove_file(&temporary);
    let done = done?;
    let complaint =
        String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
    if done.status.success() && complaint.contains("wrote ") {
        return Ok(());
    }
    Err(std::io::Error::other(complaint))
}

/// SHA-256 over the first mebibyte a guest would read, trailing zeros left out, so that growing changes nothing.
pub(crate) fn fingerprint(path: &Path, format: &str) -> Option<String> {
    let mut bytes = Vec::new();
    if format == "raw" {
        File::open(path).ok()?.take(COVERED).read_to_end(&mut bytes).ok()?;
    } else {
        let head = path.with_extension("head");
        let (from, to) = (format!("if={}", path.display()), format!("of={}", head.display()));
        qemu_img(&["dd", "-U", "-f", format, "-O", "raw", "bs=1M", "count=1", &from, &to]).ok()?;
        bytes = std::fs::read(&head).ok()?;
        let _ = std::fs::remove_file(&head);
    }
    let used = bytes.iter().rposition(|b| *b != 0).map_or(0, |last| last + 1);
    bytes.truncate(used);
    Some(hex(&Sha256::digest(&bytes)))
}
