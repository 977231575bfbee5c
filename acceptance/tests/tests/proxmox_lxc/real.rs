//! In a real container: systemd, sshd, and a volume whose bytes are looked at from inside.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use hybridops_lab::{LabConfig, LabError, RealError};

use crate::ready;
use crate::support::{Lxc, OTHER, Site};

/// Where this is `1` a machine that cannot have real guests is a failure.
const REQUIRE: &str = "HYBRIDOPS_REQUIRE_REAL_GUESTS";

/// A laboratory whose containers are real; `None`, said aloud, where this machine cannot have them.
fn real_site() -> Result<Option<Site>> {
    let cache = std::env::var_os("HYBRIDOPS_LAB_CACHE").unwrap_or_else(|| "/var/cache/hybridops-lab".into());
    match Site::with(LabConfig { real_guests: Some(PathBuf::from(cache)), ..LabConfig::default() }) {
        Ok(site) => Ok(Some(site)),
        Err(error) => match error.downcast_ref::<LabError>() {
            Some(LabError::Real(RealError::Needs(what))) if std::env::var_os(REQUIRE).is_none() => {
                writeln!(std::io::stderr(), "SKIPPED real containers: they need {what}")?;
                Ok(None)
            }
            _ => Err(error),
        },
    }
}

/// A container that is reached by SSH.
struct Inside {
    key: PathBuf,
    address: String,
}

impl Inside {
    fn run(&self, command: &str) -> Result<String> {
        let mut said = String::new();
        for _ in 0..40 {
            let options = [
                "StrictHostKeyChecking=no",
                "UserKnownHostsFile=/dev/null",
                "ConnectTimeout=3",
                "LogLevel=ERROR",
            ];
            let options = options.iter().flat_map(|option| ["-o", option]);
            let login = format!("root@{}", self.address);
            let done = Command::new("ssh")
                .args(options)
                .arg("-i")
                .arg(&self.key)
                .arg(login)
                .arg(command)
                .output()?;
            // 255 is SSH's own: not up yet.
            match done.status.code() {
                Some(0) => return Ok(String::from_utf8(done.stdout)?.trim().to_owned()),
                Some(255) => said = String::from_utf8_lossy(&done.stderr).into_owned(),
                _ => bail!("{command}: {}", String::from_utf8_lossy(&done.stderr)),
            }
            std::thread::sleep(Duration::from_millis(500));
        }
        bail!("{} is not reached: {said}", self.address)
    }

    /// Tells one run of the container from the next: when its first process began.
    fn boot(&self) -> Result<String> {
        self.run("cut -d' ' -f22 /proc/1/stat")
    }

    /// What is on the volume, and its size in MiB.
    fn data(&self) -> Result<(String, u64)> {
        let sum = self.run("sha256sum < /data/bytes")?;
        let size = self.run("df -m --output=size /data | tail -1")?;
        Ok((sum, size.trim().parse()?))
    }
}

fn key(dir: &Path) -> Result<(PathBuf, String)> {
    let key = dir.join("key");
    let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key).status()?;
    ensure!(made.success(), "ssh-keygen made no key");
    let public = std::fs::read_to_string(key.with_extension("pub"))?;
    Ok((key, public.trim().to_owned()))
}

fn mounts(first: &str, second: bool) -> String {
    let more = if second { ", mp1 = { path = \"/more\", storage = \"local\", size = \"32M\" }" } else { "" };
    format!("{{ mp0 = {{ path = \"/data\", storage = \"local\", size = \"{first}\" }}{more} }}")
}

#[test]
fn real_bytes_outlive_every_edit_of_mounts_and_a_rebuild() -> Result<()> {
    ready!();
    let Some(site) = real_site()? else { return Ok(()) };
    let Some(real) = site.lab.real() else { bail!("guests are not real") };
    let dir = tempfile::tempdir()?;
    let (key, public) = key(dir.path())?;
    let address = format!("{}.31", real.network());
    let inside = Inside { key, address: address.clone() };
    let lxc = Lxc::of_template("db-01", "pve1")
        .set("root_disk", "{ storage = \"local\", size = \"512M\" }")
        .set("network", format!("{{ net0 = {{ bridge = \"vmbr0\", address = \"{address}/24\" }} }}"))
        .set("ssh_keys", format!("[\"{public}\"]"))
        .text("power", "running");

    site.converge(&lxc.clone().set("mounts", mounts("64M", false)))?;
    ensure!(inside.run("hostname; systemctl is-system-running --wait || true")?.starts_with("db-01"));
    inside.run("head -c 3000000 /dev/urandom > /data/bytes && sync")?;
    let (bytes, small) = inside.data()?;
    let (boot, vmid) = (inside.boot()?, site.attribute("vmid")?);

    // Added and grown while it runs: the same container, the same run of it, the same bytes.
    site.converge(&lxc.clone().set("mounts", mounts("128M", true)))?;
    ensure!(inside.data()?.0 == bytes, "the bytes changed");
    inside.run("echo more > /more/file")?;
    ensure!(
        inside.boot()? == boot && site.attribute("vmid")? == vmid,
        "the container was restarted or replaced"
    );

    // Detached, for which a running container is restarted: the volume stays, the rest is untouched.
    site.converge(&lxc.clone().set("mounts", mounts("128M", false)).text("apply_mode", "reboot"))?;
    ensure!(inside.data()?.0 == bytes, "the bytes changed");
    ensure!(site.attribute("detached_volumes")?.as_object().is_some_and(|kept| kept.len() == 1));

    // Built anew from another template: another container, the same bytes.
    let rebuilt =
        lxc.text("template", OTHER).set("mounts", mounts("128M", false)).text("apply_mode", "reboot");
    site.converge(&rebuilt)?;
    ensure!(site.attribute("vmid")? != vmid, "a rebuild makes another container");
    let (after, grown) = inside.data()?;
    ensure!(after == bytes, "the bytes changed");
    // A mounted file system grows only on machines that give the capability; at the latest it has now.
    ensure!(grown > small, "the file system did not grow: {small} MiB before, {grown} MiB after");
    // What was detached is data too: it goes only when that is said.
    site.ws.destroy()?.fails()?.says("keeps volumes that were detached")?;
    site.converge(&rebuilt.text("on_destroy", "delete_all"))?;
    site.ws.destroy()?.ok()?;
    ensure!(real.guests().is_empty(), "a real container is left");
    Ok(())
}
