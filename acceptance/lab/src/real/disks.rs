//! Disk images with a file system, mounted for a guest while it runs: what happens to the file happens to the bytes.

use std::path::{Path, PathBuf};

use super::container::{give, is_mounted};
use super::images::SHIFT;
use super::run::{make_dir, run};
use super::{RealError, RealGuests};

/// Name of the disk that a guest's root is on.
pub(crate) const ROOT_DISK: &str = "rootfs";

/// Puts a file system on an image.
///
/// # Errors
/// [`RealError::Program`].
pub(crate) fn format_image(image: &Path) -> Result<(), RealError> {
    let owner = format!("root_owner={SHIFT}:{SHIFT}");
    run("mkfs.ext4", ["-q", "-F", "-m", "0", "-E", &owner, &image.display().to_string()]).map(drop)
}

/// Grows the file system of an image that was grown. While it is mounted that takes a capability which not every
/// machine gives; it then grows when its guest starts next, as on a real node without it.
///
/// # Errors
/// [`RealError::Program`].
pub(crate) fn grow_image(image: &Path) -> Result<(), RealError> {
    let name = image.display().to_string();
    let listed = run("losetup", ["-j", &name])?;
    let Some(device) = listed.split(':').next().filter(|device| !device.is_empty()) else {
        return fit(image);
    };
    run("losetup", ["-c", device])?;
    match run("resize2fs", [device]) {
        Err(RealError::Program { output, .. }) if output.contains("Permission denied") => {
            tracing::info!(image = name, "cannot be grown while it is mounted");
            Ok(())
        }
        grown => grown.map(drop),
    }
}

/// Makes the file system of an image that is not mounted as large as the image.
fn fit(image: &Path) -> Result<(), RealError> {
    let image = image.display().to_string();
    run("e2fsck", ["-f", "-p", &image])?;
    run("resize2fs", [&image]).map(drop)
}

impl RealGuests {
    fn disk(&self, vmid: u32, slot: &str) -> PathBuf {
        self.home(vmid).join("disks").join(slot)
    }

    /// Mounts an image for a guest and answers where.
    ///
    /// # Errors
    /// [`RealError`].
    pub fn attach(
        &self,
        vmid: u32,
        slot: &str,
        image: &Path,
        unprivileged: bool,
    ) -> Result<PathBuf, RealError> {
        let place = self.disk(vmid, slot);
        if !is_mounted(&place) {
            make_dir(&place)?;
            fit(image)?;
            let (image, at) = (image.display().to_string(), place.display().to_string());
            run("mount", ["-o", "loop", &image, &at])?;
            give(&place, if unprivileged { SHIFT } else { 0 })?;
        }
        Ok(place)
    }

    /// Unmounts an image; one that is not mounted is no error.
    ///
    /// # Errors
    /// [`RealError`].
    pub fn detach(&self, vmid: u32, slot: &str) -> Result<(), RealError> {
        let place = self.disk(vmid, slot);
        if is_mounted(&place) {
            run("umount", [&place.display().to_string()])?;
        }
        Ok(())
    }

    pub(super) fn detach_all(&self, vmid: u32) -> Result<(), RealError> {
        let listed = std::fs::read_dir(self.home(vmid).join("disks")).into_iter().flatten().flatten();
        for entry in listed {
            self.detach(vmid, &entry.file_name().to_string_lossy())?;
        }
        Ok(())
    }
}
