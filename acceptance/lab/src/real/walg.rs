//! WAL-G itself, where this machine has it, and a double of it for faults.

use std::path::{Path, PathBuf};

use super::RealError;

/// Names a binary of WAL-G.
const NAMED: &str = "HYBRIDOPS_ACC_WALG";

/// Where one may be kept, in the cache.
const KEPT: &str = "wal-g-3.0.9";

/// A double of `wal-g`: a script that fails as a file says, else runs the real binary.
pub const WAL_G_DOUBLE: &str = include_str!("wal-g-double.sh");

/// The real WAL-G as a file of this machine: the one that `HYBRIDOPS_ACC_WALG` names, else the one in the cache.
///
/// # Errors
/// [`RealError::Needs`] where there is none.
pub fn wal_g(cache: &Path) -> Result<PathBuf, RealError> {
    let named = std::env::var_os(NAMED).filter(|name| !name.is_empty()).map(PathBuf::from);
    let place = named.unwrap_or_else(|| cache.join(KEPT));
    if place.is_file() {
        return Ok(place);
    }
    let what = format!("WAL-G 3.0.9: {} is no file; name a binary by {NAMED}", place.display());
    Err(RealError::Needs(what))
}
