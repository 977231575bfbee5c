//! Providers as Terraform finds them: an address, a version, a binary, a place in a filesystem mirror.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result};

use crate::binaries::{provider_binary, target_directory};

/// Mirrors of binaries that were rebuilt since are removed when they are older than any test run.
const STALE: Duration = Duration::from_secs(24 * 60 * 60);

/// A provider under test.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Provider {
    /// The address modules declare, `registry.terraform.io/hybridops-studio/probe`.
    pub address: String,
    /// The version in the mirror.
    pub version: String,
    /// The program.
    pub binary: PathBuf,
}

impl Provider {
    /// The provider of this repository. `HYBRIDOPS_PROVIDER_BIN` names a binary; otherwise cargo builds it.
    ///
    /// # Errors
    /// There is no binary.
    pub fn hybridops() -> Result<Self> {
        Self::of_repository("hybridops", "HYBRIDOPS_PROVIDER_BIN")
    }

    /// The test provider. `HYBRIDOPS_PROBE_BIN` names a binary; otherwise cargo builds it.
    ///
    /// # Errors
    /// There is no binary.
    pub fn probe() -> Result<Self> {
        Self::of_repository("probe", "HYBRIDOPS_PROBE_BIN")
    }

    fn of_repository(name: &str, variable: &str) -> Result<Self> {
        Ok(Self {
            address: format!("registry.terraform.io/hybridops-studio/{name}"),
            version: "0.1.0".to_owned(),
            binary: provider_binary(variable, &format!("terraform-provider-{name}"))?,
        })
    }

    /// The last part of the address: the local name, and the prefix of the resource types.
    #[must_use]
    pub fn name(&self) -> &str {
        self.address.rsplit('/').next().unwrap_or(&self.address)
    }

    /// The entry in `required_providers`.
    #[must_use]
    pub fn requirement(&self) -> String {
        let (name, address, version) = (self.name(), &self.address, &self.version);
        format!("    {name} = {{ source = \"{address}\", version = \"{version}\" }}\n")
    }

    /// A filesystem mirror that holds this provider, made once per binary and shared by all tests.
    ///
    /// # Errors
    /// The mirror cannot be written.
    pub fn mirror(&self) -> Result<PathBuf> {
        let mirrors = target_directory()?.join("mirrors");
        fs::create_dir_all(&mirrors)?;
        let mirror = mirrors.join(self.fingerprint()?);
        if mirror.is_dir() {
            return Ok(mirror);
        }
        remove_stale(&mirrors);
        let staging = tempfile::tempdir_in(&mirrors)?;
        let place = self.place_in(staging.path());
        fs::create_dir_all(place.parent().unwrap_or(&place))?;
        copy_without_debug_information(&self.binary, &place)?;
        match fs::rename(staging.path(), &mirror) {
            Ok(()) => {
                let _ = staging.keep();
                Ok(mirror)
            }
            // Another test was quicker; its mirror holds the same.
            Err(_) if mirror.is_dir() => Ok(mirror),
            Err(error) => Err(error).with_context(|| format!("{} cannot be made", mirror.display())),
        }
    }

    /// The unpacked layout of a filesystem mirror.
    #[must_use]
    pub fn place_in(&self, mirror: &Path) -> PathBuf {
        let directory = mirror.join(&self.address).join(&self.version).join(platform());
        directory.join(format!("terraform-provider-{}_v{}", self.name(), self.version))
    }

    /// Changes whenever the binary does.
    fn fingerprint(&self) -> Result<String> {
        let metadata = fs::metadata(&self.binary).with_context(|| self.binary.display().to_string())?;
        let modified = metadata.modified()?.duration_since(SystemTime::UNIX_EPOCH)?.as_nanos();
        Ok(format!("{}-{}-{modified}-{}", self.name(), self.version, metadata.len()))
    }
}

/// Terraform hashes the package on every run: the debug information of a development build would cost seconds.
fn copy_without_debug_information(from: &Path, to: &Path) -> Result<()> {
    let stripped =
        Command::new("strip").args(["--strip-debug", "-o"]).arg(to).arg(from).stderr(Stdio::null()).status();
    if !stripped.is_ok_and(|status| status.success()) {
        fs::copy(from, to).with_context(|| format!("{} cannot be copied", from.display()))?;
    }
    Ok(())
}

fn remove_stale(mirrors: &Path) {
    let Ok(entries) = fs::read_dir(mirrors) else { return };
    for entry in entries.flatten() {
        let modified = entry.metadata().and_then(|metadata| metadata.modified());
        let age = modified.ok().and_then(|modified| modified.elapsed().ok());
        if age.is_some_and(|age| age > STALE) {
            // A leftover costs space only.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Operating system and architecture as Terraform calls them.
fn platform() -> String {
    let os = match std::env::consts::OS {
        "macos" => "darwin",
        os => os,
    };
    let arch = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        arch => arch,
    };
    format!("{os}_{arch}")
}
