//! What every scene with real containers stands on: a laboratory, and a word where this machine cannot have one.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::Duration;

use anyhow::{Context as _, Result};
use hybridops_lab::{Lab, LabConfig, LabError, RealError};
use tokio::runtime::Runtime;

use crate::{Provider, Workspace};

/// Where this is `1` a machine that cannot have real containers, or what is to run in them, is a failure.
const REQUIRE: &str = "HYBRIDOPS_REQUIRE_REAL";

/// The runtime that laboratories of blocking tests run in.
pub(crate) fn runtime() -> Result<&'static Runtime> {
    static RUNTIME: LazyLock<std::io::Result<Runtime>> =
        LazyLock::new(|| tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build());
    RUNTIME.as_ref().map_err(|error| anyhow::anyhow!("no runtime: {error}"))
}

/// Where root file systems and programs are kept.
pub(crate) fn cache() -> PathBuf {
    std::env::var_os("HYBRIDOPS_LAB_CACHE").unwrap_or_else(|| "/var/cache/hybridops-lab".into()).into()
}

/// A laboratory of this shape whose guests are real.
pub(crate) fn laboratory(config: LabConfig) -> Result<Lab> {
    let config = LabConfig { real_guests: Some(cache()), task_duration: Duration::ZERO, ..config };
    Ok(runtime()?.block_on(Lab::start(config))?)
}

/// A workspace of the product that is pointed at a laboratory.
pub(crate) fn workspace(lab: &Lab) -> Result<Workspace> {
    let mut ws = Workspace::ready(&[Provider::hybridops()?])?;
    for (name, value) in lab.environment() {
        ws.set_env(&name, value);
    }
    let (key, _) = lab.real().context("guests are real")?.client_key()?;
    ws.set_env("HYBRIDOPS_SSH_PRIVATE_KEY", key.display().to_string());
    Ok(ws)
}

/// What was set up; `None`, said aloud, where this machine cannot have it.
pub(crate) fn or_skip<T>(test: &str, set_up: Result<T>) -> Result<Option<T>> {
    match set_up {
        Ok(scene) => Ok(Some(scene)),
        Err(error) => match needed(&error) {
            Some(what) if std::env::var_os(REQUIRE).is_none_or(|value| value != "1") => {
                writeln!(std::io::stderr(), "SKIPPED {test}: it needs {what}")?;
                Ok(None)
            }
            _ => Err(error),
        },
    }
}

/// What the machine lacks, where that is why it failed.
fn needed(error: &anyhow::Error) -> Option<&str> {
    error.chain().find_map(|cause| {
        let real = match cause.downcast_ref::<LabError>() {
            Some(LabError::Real(real)) => real,
            _ => cause.downcast_ref::<RealError>()?,
        };
        if let RealError::Needs(what) = real { Some(what.as_str()) } else { None }
    })
}
