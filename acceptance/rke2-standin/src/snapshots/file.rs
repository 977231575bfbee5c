//! Snapshot files: what etcd streams, its SHA-256 at the end, named `<name>-<node>-<unix time>`.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use futures::StreamExt as _;
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;

use crate::context::Context;
use crate::etcd::{EtcdClient, EtcdError};
use crate::faults::name;
use crate::logline;

/// A snapshot was not made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SnapshotError {
    #[error("etcd-snapshot error: {0}")]
    Etcd(#[from] EtcdError),
    #[error("failed to save snapshot {path}: {source}")]
    File { path: String, source: std::io::Error },
}

/// Writes a snapshot beside and moves it; its path.
pub(crate) async fn save(
    context: &Context,
    etcd: &EtcdClient,
    folder: &Path,
    prefix: &str,
) -> Result<PathBuf, SnapshotError> {
    let now = OffsetDateTime::now_utc().unix_timestamp();
    let path = folder.join(format!("{prefix}-{}-{now}", context.node.name));
    let failed = |source: std::io::Error| SnapshotError::File { path: path.display().to_string(), source };
    if context.faults.active(name::SNAPSHOT_NO_SPACE).is_some() {
        return Err(failed(std::io::Error::from_raw_os_error(28)));
    }
    std::fs::create_dir_all(folder).map_err(failed)?;
    logline::info(format!("Saving etcd snapshot to {}", path.display()));
    let part = path.with_extension("part");
    let mut file = std::fs::File::create(&part).map_err(failed)?;
    let mut parts = etcd.snapshot().await?;
    while let Some(part) = parts.next().await {
        file.write_all(&part?).map_err(failed)?;
    }
    if context.faults.active(name::TRUNCATED_SNAPSHOT).is_some() {
        let length = file.metadata().map_err(failed)?.len();
        file.set_len(length.saturating_sub(4096)).map_err(failed)?;
    }
    file.sync_all().map_err(failed)?;
    std::fs::rename(&part, &path).map_err(failed)?;
    Ok(path)
}

/// Whether a file ends with the SHA-256 of what stands before.
pub(crate) fn trailer_fits(bytes: &[u8]) -> bool {
    match bytes.len().checked_sub(32).and_then(|at| bytes.split_at_checked(at)) {
        Some((body, trailer)) => body.len() % 512 == 0 && Sha256::digest(body).as_slice() == trailer,
        None => false,
    }
}

/// One snapshot that lies in a folder.
#[derive(Debug, Clone)]
pub(super) struct OnDisk {
    pub(super) name: String,
    pub(super) path: PathBuf,
    pub(super) size: u64,
    pub(super) made: i64,
}

/// Every snapshot in a folder, the oldest first.
pub(super) fn on_disk(folder: &Path) -> Vec<OnDisk> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut found: Vec<OnDisk> = entries
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            let meta = entry.metadata().ok().filter(std::fs::Metadata::is_file)?;
            let made = made_at(&name)?;
            Some(OnDisk { path: entry.path(), size: meta.len(), made, name })
        })
        .collect();
    found.sort_by(|one, other| (one.made, &one.name).cmp(&(other.made, &other.name)));
    found
}

/// The time in a snapshot's name; none for what is no snapshot.
pub(super) fn made_at(name: &str) -> Option<i64> {
    name.trim_end_matches(".zip").rsplit_once('-')?.1.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trailer_is_the_hash_of_the_rest() {
        let body = vec![7_u8; 1024];
        let whole = [body.as_slice(), Sha256::digest(&body).as_slice()].concat();
        assert!(trailer_fits(&whole));
        assert!(!trailer_fits(whole.get(..whole.len() - 512).unwrap()));
        assert!(!trailer_fits(b""));
        assert_eq!(made_at("on-demand-a-1763778000"), Some(1_763_778_000));
        assert_eq!(made_at("name.part"), None);
    }
}
