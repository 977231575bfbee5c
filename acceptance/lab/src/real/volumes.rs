//! Volumes: directories whose bytes are real.

use std::path::{Path, PathBuf};

use super::images::SHIFT;
use super::run::{file_error, make_dir, remove_dir, run};
use super::{RealError, RealGuests};

impl RealGuests {
    /// Where the bytes of a volume are, `local-lvm:vm-101-disk-1`.
    #[must_use]
    pub fn volume(&self, volume: &str) -> PathBuf {
        self.dir.join("volumes").join(volume.replace(['/', ':'], "+"))
    }

    /// Makes an empty volume; one that is there stays.
    ///
    /// # Errors
    /// [`RealError::File`].
    pub fn make_volume(&self, volume: &str, unprivileged: bool) -> Result<PathBuf, RealError> {
        let place = self.volume(volume);
        if !place.is_dir() {
            make_dir(&place)?;
            let owner = if unprivileged { SHIFT } else { 0 };
            std::os::unix::fs::chown(&place, Some(owner), Some(owner))
                .map_err(file_error(format!("cannot give {} away", place.display())))?;
        }
        Ok(place)
    }

    /// Copies a volume with all its bytes.
    ///
    /// # Errors
    /// [`RealError::Program`].
    pub fn copy_volume(&self, from: &str, to: &str) -> Result<(), RealError> {
        let (from, to) = (self.volume(from), self.volume(to));
        if from.is_dir() { copy(&from, &to) } else { Ok(()) }
    }

    /// Gives a volume another name.
    ///
    /// # Errors
    /// [`RealError::File`].
    pub fn rename_volume(&self, from: &str, to: &str) -> Result<(), RealError> {
        let (from, to) = (self.volume(from), self.volume(to));
        match std::fs::rename(&from, &to) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(file_error(format!("cannot rename {}", from.display()))(error))
            }
            _ => Ok(()),
        }
    }

    /// Removes a volume and its bytes; one that is gone is no error.
    ///
    /// # Errors
    /// [`RealError::File`].
    pub fn remove_volume(&self, volume: &str) -> Result<(), RealError> {
        remove_dir(&self.volume(volume))
    }
}

pub(super) fn copy(from: &Path, to: &Path) -> Result<(), RealError> {
    let (from, to) = (from.display().to_string(), to.display().to_string());
    run("cp", ["-a", &from, &to]).map(drop)
}
