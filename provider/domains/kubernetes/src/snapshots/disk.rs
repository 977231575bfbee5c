//! Snapshots on the disk of a server.

use std::io::Write as _;

use tempfile::NamedTempFile;
use transport_ssh::{Budget, Input, Machine};

use super::error::SnapshotError;

/// Bytes of a file that are asked for at a time.
const PIECE: u64 = 4 << 20;
/// Code by which a script says that there is no file.
const NO_FILE: u32 = 66;

/// Brings a file of a machine to a file of this one that is gone with it; the first bytes with `limit`. Nothing where it is
/// not there. All of it goes through the connection, packed as it is: tells how much arrived.
///
/// # Errors
/// The machine is not reached, or the file changes meanwhile.
pub(crate) async fn fetch(
    machine: &Machine,
    path: &str,
    progress: &(dyn Fn(u64, u64) + Send + Sync),
    budget: &Budget,
) -> Result<Option<NamedTempFile>, SnapshotError> {
    const SIZE: &str = r#"[ -f "$1" ] || exit 66; exec stat -L -c %s -- "$1""#;
    // One piece: whole blocks of the size that is asked for, so that it is one read of the disk.
    const READ: &str = r#"exec dd if="$1" bs="$2" skip="$3" count=1 iflag=fullblock status=none"#;
    let output = machine.run(SIZE, &[path], Input::Nothing, budget).await?;
    let size: u64 = match output.code() {
        Some(0) => output.text().trim().parse().unwrap_or_default(),
        Some(NO_FILE) => return Ok(None),
        _ => return Err(machine.failed(&format!("looking at {path}"), &output).into()),
    };
    let mut file = NamedTempFile::new()?;
    let bytes = PIECE.to_string();
    for piece in 0..size.div_ceil(PIECE) {
        let output = machine.run(READ, &[path, &bytes, &piece.to_string()], Input::Nothing, budget).await?;
        if !output.ok() {
            return Err(machine.failed(&format!("reading {path}"), &output).into());
        }
        file.write_all(&output.stdout)?;
        progress((piece * PIECE + output.stdout.len() as u64).min(size), size);
    }
    file.flush()?;
    Ok(Some(file))
}
