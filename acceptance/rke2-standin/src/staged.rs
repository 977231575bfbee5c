//! The programs of a release below `data/<tag>-<hash>`, and `bin` that leads to those of the one that runs (rke2
//! pkg/bootstrap). The stand-in has one of them, kubectl, which is the host's.

use std::os::unix::fs::symlink;
use std::path::Path;

use anyhow::Context as _;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::context::Context;
use crate::faults::name;
use crate::version::tag;

/// Lays the programs down, and leads `bin` to them.
pub(crate) fn stage(context: &Context) -> anyhow::Result<()> {
    let version = &context.version;
    let hash: String =
        Sha256::digest(version.as_bytes()).iter().take(6).map(|b| format!("{b:02x}")).collect();
    let bin = context.layout.data(format!("data/{}-{hash}/bin", tag(version)));
    let failed = || format!("failed to stage {}", bin.display());
    std::fs::create_dir_all(&bin).with_context(failed)?;
    let kubectl = Path::new("/usr/bin/kubectl");
    if kubectl.exists() {
        lead(&bin.join("kubectl"), kubectl).with_context(failed)?;
    }
    lead(&context.layout.data("bin"), &bin).with_context(failed)
}

/// Lays down the manifests of packaged charts (rke2 pkg/bootstrap, `charts`): of the version that runs, at every start.
pub(crate) fn charts(context: &Context) -> anyhow::Result<()> {
    let broken = context.faults.active(name::BROKEN_CHART);
    for chart in &context.settings.charts {
        let mut version = context.version.trim_start_matches('v').replace('+', "-");
        if broken.as_ref() == Some(chart) {
            version += "-broken";
        }
        let object = json!({
            "apiVersion": "helm.cattle.io/v1", "kind": "HelmChart",
            "metadata": { "name": chart, "namespace": "kube-system" },
            "spec": { "chart": chart, "version": version, "bootstrap": true, "targetNamespace": "kube-system" },
        });
        let path = context.layout.server(format!("manifests/{chart}.yaml"));
        crate::files::write_private(&path, serde_norway::to_string(&object)?)?;
    }
    Ok(())
}

/// Makes a link lead there; whole or not at all.
fn lead(link: &Path, to: &Path) -> std::io::Result<()> {
    if std::fs::read_link(link).is_ok_and(|leads| leads == to) {
        return Ok(());
    }
    let beside = link.with_extension(format!("new{}", std::process::id()));
    let _ = std::fs::remove_file(&beside);
    symlink(to, &beside)?;
    std::fs::rename(&beside, link)
}
