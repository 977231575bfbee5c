//! Writes the examples of Proxmox VE's configuration objects into `examples/`, or with `--check` tells which are stale.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use acceptance_tests::proxmox::{Samples, examples};
use anyhow::{Context as _, Error, Result};
use domain_proxmox::table::KINDS;

fn main() -> Result<ExitCode> {
    let check = std::env::args().any(|argument| argument == "--check");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let mut stale = 0;
    for (path, text) in examples::files(KINDS, &Samples::load()?).map_err(Error::msg)? {
        let file = root.join(&path);
        if fs::read_to_string(&file).is_ok_and(|there| there == text) {
            continue;
        }
        stale += 1;
        if !check {
            fs::create_dir_all(file.parent().context("no directory")?)?;
            fs::write(&file, text)?;
        }
    }
    Ok(if check && stale > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
