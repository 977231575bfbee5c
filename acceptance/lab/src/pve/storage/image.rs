//! Disk images, by the real `qemu-img`.

use std::path::Path;
use std::process::Command;

use serde::Deserialize;

use crate::pve::reply::{Outcome, Refusal};

/// What `qemu-img info` tells.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Image {
    pub(crate) format: String,
    #[serde(rename = "virtual-size")]
    pub(crate) size: u64,
    #[serde(rename = "actual-size", default)]
    pub(crate) used: u64,
    #[serde(rename = "backing-filename")]
    pub(crate) backing: Option<String>,
}

/// Runs `qemu-img`; a failure ends in the text a task would end with.
pub(crate) fn qemu_img(args: &[&str]) -> Outcome<Vec<u8>> {
    let shown = || format!("command '/usr/bin/qemu-img {}' failed", args.join(" "));
    let output = Command::new("qemu-img")
        .args(args)
        .output()
        .map_err(|error| Refusal::died(format!("{}: {error}", shown())))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    tracing::debug!(stderr = %String::from_utf8_lossy(&output.stderr), "qemu-img failed");
    let code = output.status.code().unwrap_or(-1);
    Err(Refusal::died(format!("{}: exit code {code}", shown())))
}

/// Looks into an image; `format` keeps `qemu-img` from guessing.
pub(crate) fn inspect(path: &Path, format: Option<&str>) -> Option<Image> {
    let path = path.to_str()?;
    let mut args = vec!["info", "-U", "--output=json"];
    if let Some(format) = format {
        args.extend(["-f", format]);
    }
    args.push(path);
    serde_json::from_slice(&qemu_img(&args).ok()?).ok()
}

/// Makes an empty image and tells the line the server logs about it.
pub(crate) fn create_image(path: &Path, shown: &str, format: &str, size: u64) -> Outcome<String> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)
            .map_err(|e| Refusal::died(format!("mkdir {}: {e}", parent.display())))?;
    }
    if path.exists() {
        return Err(Refusal::died(format!("disk image '{shown}' already exists")));
    }
    let target = path.to_string_lossy();
    let size_text = size.to_string();
    let options: &[&str] = if format == "qcow2" { &["-o", "preallocation=metadata"] } else { &[] };
    qemu_img(&[&["create", "-f", format], options, &[&target, &size_text]].concat())?;
    let details = match format {
        "qcow2" => format!(
            "cluster_size=65536 extended_l2=off preallocation=metadata compression_type=zlib size={size} \
             lazy_refcounts=off refcount_bits=16"
        ),
        "vmdk" => format!("size={size} compat6=off hwversion=undefined"),
        _ if size == 0 => "size=0 preallocation=off".to_owned(),
        _ => format!("size={size} preallocation=off"),
    };
    Ok(format!("Formatting '{shown}', fmt={format} {details}"))
}

/// Copies a file, leaving its holes holes.
pub(crate) fn copy_sparse(from: &Path, to: &Path) -> Outcome<()> {
    let failed = |why: String| Refusal::died(format!("cannot copy '{}': {why}", from.display()));
    if let Some(parent) = to.parent() {
        std::fs::create_dir_all(parent).map_err(|error| failed(error.to_string()))?;
    }
    let output = Command::new("cp")
        .args(["--sparse=auto", "--reflink=auto", "--"])
        .args([from, to])
        .output()
        .map_err(|error| failed(error.to_string()))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned())),
    }
}
