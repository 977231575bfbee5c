//! Where the programs under test are.

use std::collections::BTreeMap;
use std::env;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, Error, Result, bail};
use serde_json::Value as Json;

/// Names the `terraform` binary to test with; otherwise `PATH` is searched.
pub const TERRAFORM: &str = "HYBRIDOPS_TERRAFORM";

/// Where this is `1` a missing `terraform` is a failure. For CI, where nothing may be skipped.
pub const REQUIRE: &str = "HYBRIDOPS_REQUIRE_TERRAFORM";

/// The `terraform` binary; `None` where there is none.
#[must_use]
pub fn terraform() -> Option<PathBuf> {
    match env::var_os(TERRAFORM) {
        Some(named) => Some(PathBuf::from(named)).filter(|path| path.is_file()),
        None => search_path("terraform"),
    }
}

/// The program this variable of the environment names. Where it names none the test is skipped aloud.
///
/// # Errors
/// It names a file that is not there.
pub fn named_or_skip(variable: &str, test: &str) -> Result<Option<PathBuf>> {
    let Some(named) = env::var_os(variable) else {
        writeln!(std::io::stderr(), "SKIPPED {test}: {variable} names no program")?;
        return Ok(None);
    };
    let path = PathBuf::from(named);
    path.canonicalize().map(Some).with_context(|| format!("{variable} names {}", path.display()))
}

fn search_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|directory| directory.join(name)).find(|candidate| candidate.is_file())
}

/// Whether there is a `terraform` to test with. Where there is none the test is skipped aloud, unless the environment
/// demands one.
///
/// # Errors
/// There is none and `HYBRIDOPS_REQUIRE_TERRAFORM=1`.
pub fn terraform_or_skip(test: &str) -> Result<bool> {
    if terraform().is_some() {
        return Ok(true);
    }
    if env::var_os(REQUIRE).is_some_and(|value| value == "1") {
        bail!("there is no terraform, neither named by {TERRAFORM} nor in PATH, and {REQUIRE}=1");
    }
    // Past the capture of the test runner: whoever reads the log must see that nothing was tested.
    writeln!(std::io::stderr(), "SKIPPED {test}: there is no terraform (set {TERRAFORM} or PATH)")?;
    Ok(false)
}

/// The binary of a workspace package: the one the variable names, or else built by cargo, once per process.
///
/// # Errors
/// The named file does not exist, or the build fails.
pub fn provider_binary(variable: &str, package: &str) -> Result<PathBuf> {
    if let Some(named) = env::var_os(variable) {
        let path = PathBuf::from(named);
        return path.canonicalize().with_context(|| format!("{variable} names {}", path.display()));
    }
    // Failures are kept as well: what does not build once does not build for the next test either.
    static BUILT: Mutex<BTreeMap<String, Result<PathBuf, String>>> = Mutex::new(BTreeMap::new());
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    let path = built
        .entry(package.to_owned())
        .or_insert_with(|| build(package).map_err(|error| format!("{error:#}")));
    path.clone().map_err(Error::msg)
}

fn build(package: &str) -> Result<PathBuf> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .current_dir(workspace_root())
        .args(["build", "--quiet", "--bins", "--message-format=json", "-p", package])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .context("cargo cannot be started")?;
    if !output.status.success() {
        bail!("cargo build -p {package} failed: {}", output.status);
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    let executable = |line: &str| -> Option<PathBuf> {
        let message: Json = serde_json::from_str(line).ok()?;
        (message["target"]["name"] == package).then(|| message["executable"].as_str().map(PathBuf::from))?
    };
    messages.lines().filter_map(executable).next_back().with_context(|| format!("{package} has no binary"))
}

/// The root of the repository.
pub(crate) fn workspace_root() -> &'static Path {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.ancestors().nth(2).unwrap_or(manifest)
}

/// Where build products and caches of the tests may be kept.
///
/// # Errors
/// The directory cannot be made.
pub fn target_directory() -> Result<PathBuf> {
    let target =
        env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace_root().join("target"), PathBuf::from);
    let directory = target.join("acceptance");
    std::fs::create_dir_all(&directory).with_context(|| format!("{} cannot be made", directory.display()))?;
    Ok(directory)
}
