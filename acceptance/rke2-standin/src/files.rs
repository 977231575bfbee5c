//! Files that are whole or not there.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context as _;

/// Writes a file only its owner reads.
pub(crate) fn write_private(path: &Path, text: impl AsRef<[u8]>) -> anyhow::Result<()> {
    write_mode(path, text, 0o600)
}

/// Writes a file with a mode.
pub(crate) fn write_mode(path: &Path, text: impl AsRef<[u8]>, mode: u32) -> anyhow::Result<()> {
    let context = || format!("write {}", path.display());
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(context)?;
    }
    let beside = path.with_extension(format!("new{}", std::process::id()));
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(mode)
        .open(&beside)
        .with_context(context)?;
    file.write_all(text.as_ref()).with_context(context)?;
    drop(file);
    std::fs::rename(&beside, path).with_context(context)
}

/// A file's text, if it is there.
pub(crate) fn read_if_there(path: &Path) -> anyhow::Result<Option<String>> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("open {}", path.display())),
    }
}

/// Bytes nobody guesses, as hexadecimal digits.
pub(crate) fn random_hex(bytes: usize) -> anyhow::Result<String> {
    let mut drawn = vec![0_u8; bytes];
    getrandom::fill(&mut drawn).map_err(|error| anyhow::anyhow!("no random bytes: {error}"))?;
    Ok(hex(&drawn))
}

/// Hexadecimal digits of bytes.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
