//! The stand-in's program, and releases packed from it.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, Result, ensure};

use crate::{provider_binary, target_directory};

/// Names the program `rke2-standin`; where it names none, one beside `HYBRIDOPS_LAB_BIN` is taken, else it is built.
pub const STANDIN: &str = "HYBRIDOPS_STANDIN_BIN";

/// The stand-in's program.
fn program() -> Result<PathBuf> {
    if std::env::var_os(STANDIN).is_none()
        && let Some(lab) = std::env::var_os("HYBRIDOPS_LAB_BIN")
    {
        let beside = Path::new(&lab).with_file_name("rke2-standin");
        if beside.is_file() {
            return Ok(beside);
        }
    }
    provider_binary(STANDIN, "rke2-standin")
}

/// The directory with a version's files, packed where it is not there yet: once for each build of the stand-in.
///
/// # Errors
/// The stand-in cannot pack.
pub(super) fn packed(distribution: &str, version: &str) -> Result<PathBuf> {
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let program = program()?;
    let about = program.metadata()?;
    let home = target_directory()?.join(format!("standin-{}-{}", about.len(), about.mtime()));
    let place = home.join(distribution).join(version);
    if place.is_dir() {
        return Ok(place);
    }
    forget_older(&home)?;
    let small = stripped(&program, &home)?;
    // Test programs run beside each other: whole or not at all, and the first is the one that counts.
    let beside = home.join(format!("new-{}", std::process::id()));
    fs::create_dir_all(&beside)?;
    let run = Command::new(&small).args(["pack", "--version", version, "--out"]).arg(&beside).output();
    let run = run.with_context(|| format!("{} cannot be started", small.display()))?;
    ensure!(run.status.success(), "the stand-in does not pack: {}", String::from_utf8_lossy(&run.stderr));
    fs::create_dir_all(place.parent().unwrap_or(&place))?;
    if fs::rename(&beside, &place).is_err() {
        ensure!(place.is_dir(), "{} cannot be made", place.display());
        fs::remove_dir_all(&beside)?;
    }
    Ok(place)
}

/// What was packed from builds before this one is of no use.
fn forget_older(home: &Path) -> Result<()> {
    let listed = fs::read_dir(home.parent().unwrap_or(home))?.flatten();
    let is_older = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        name.starts_with("standin-") && path != home
    };
    for path in listed.map(|entry| entry.path()).filter(is_older) {
        let _ = fs::remove_dir_all(path);
    }
    fs::create_dir_all(home).with_context(|| format!("{} cannot be made", home.display()))
}

/// The program without what only a debugger reads: every machine gets a copy of it.
fn stripped(program: &Path, home: &Path) -> Result<PathBuf> {
    let small = home.join("rke2-standin");
    if small.is_file() {
        return Ok(small);
    }
    let beside = home.join(format!("rke2-standin.{}", std::process::id()));
    fs::copy(program, &beside)?;
    // Where there is no strip it is the larger one.
    let _ = Command::new("strip").arg(&beside).output();
    fs::rename(&beside, &small)?;
    Ok(small)
}
