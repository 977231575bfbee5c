//! What happens to the bytes of volumes, each in one place: made, copied, grown, renamed, removed.

use super::{Kind, Located, copy_sparse, create_image, mark, qemu_img};
use crate::pve::cluster::Cluster;
use crate::pve::reply::{Outcome, Refusal};

impl Cluster {
    /// Makes an empty volume and tells the line the server logs about it.
    pub(crate) fn make_volume(&self, place: &Located, format: &str, size: u64) -> Outcome<String> {
        create_image(&place.real, &place.shown, format, size)
    }

    /// Puts a file system on a volume of a container.
    pub(crate) fn format_volume(&self, place: &Located) -> Outcome<()> {
        if let Some(formatted) = self.format_real(&place.real) {
            return formatted;
        }
        mark(&place.real).map_err(|error| Refusal::died(format!("mkfs failed: {error}")))
    }

    /// Copies what a guest reads of one volume into another that is there already.
    pub(crate) fn fill_volume(&self, from: &Located, from_format: &str, to: &Located) -> Outcome<()> {
        let (source, sink) = (from.real.to_string_lossy(), to.real.to_string_lossy());
        qemu_img(&["convert", "-n", "-U", "-f", from_format, "-O", &to.volume.format, &source, &sink])
            .map(|_| ())
    }

    /// Makes a volume as a copy of another, byte by byte: what a thin clone and a snapshot look like from outside.
    pub(crate) fn duplicate_volume(&self, from: &Located, to: &Located) -> Outcome<()> {
        copy_sparse(&from.real, &to.real)
    }

    /// Makes a volume as a copy of another in its own format, on another node or storage.
    pub(crate) fn transfer_volume(&self, from: &Located, to: &Located) -> Outcome<()> {
        if let Some(parent) = to.real.parent() {
            std::fs::create_dir_all(parent).map_err(|error| Refusal::died(error.to_string()))?;
        }
        let (source, sink) = (from.real.to_string_lossy(), to.real.to_string_lossy());
        let formats = (from.volume.format.as_str(), to.volume.format.as_str());
        qemu_img(&["convert", "-U", "-f", formats.0, "-O", formats.1, &source, &sink]).map(|_| ())
    }

    /// Grows a volume.
    pub(crate) fn grow_volume(&self, place: &Located, size: u64) -> Outcome<()> {
        let (real, size) = (place.real.to_string_lossy(), size.to_string());
        qemu_img(&["resize", "-f", &place.volume.format, &real, &size])?;
        self.grow_real(&place.real)
    }

    /// Gives a volume another name, its bytes untouched.
    pub(crate) fn rename_volume(&self, from: &Located, to: &Located) -> Outcome<()> {
        if let Some(parent) = to.real.parent() {
            std::fs::create_dir_all(parent).map_err(|error| Refusal::died(error.to_string()))?;
        }
        std::fs::rename(&from.real, &to.real).map_err(|error| {
            Refusal::died(format!("rename '{}' to '{}' failed - {error}", from.shown, to.shown))
        })
    }

    /// Removes a volume; one that is gone already is no error.
    pub(crate) fn remove_volume(&self, place: &Located) -> Outcome<()> {
        match std::fs::remove_file(&place.real) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Refusal::died(error.to_string()))
            }
            _ => {
                if let Some(parent) = place.real.parent().filter(|_| place.volume.kind == Kind::Images) {
                    // Fails while other disks lie there, which is what is wanted.
                    let _ = std::fs::remove_dir(parent);
                }
                Ok(())
            }
        }
    }
}
