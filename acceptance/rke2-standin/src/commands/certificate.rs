//! `rke2 certificate check|rotate` (k3s pkg/cli/cert).

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde_json::json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::context::Context;
use crate::logline;
use crate::pki::{LEAVES, inspect};

/// Runs one of them.
pub(crate) fn run(context: &Context, arguments: &[String]) -> anyhow::Result<()> {
    match arguments.first().map(String::as_str) {
        Some("check") => check(context, arguments),
        Some("rotate") => rotate(context, arguments),
        other => bail!("certificate knows check and rotate, not {}", other.unwrap_or("nothing")),
    }
}

fn files(context: &Context) -> Vec<(&'static str, PathBuf)> {
    let mut files: Vec<(&'static str, PathBuf)> =
        LEAVES.iter().map(|leaf| (leaf.service, context.layout.tls(format!("{}.crt", leaf.file)))).collect();
    for file in ["serving-kubelet", "client-kubelet"] {
        files.push(("kubelet", context.layout.agent(format!("{file}.crt"))));
    }
    files.retain(|(_, path)| path.exists());
    files
}

fn check(context: &Context, arguments: &[String]) -> anyhow::Result<()> {
    let now = OffsetDateTime::now_utc();
    let mut found = Vec::new();
    for (_, path) in files(context) {
        let pem = std::fs::read_to_string(&path).with_context(|| format!("open {}", path.display()))?;
        for seen in inspect(&pem)? {
            let left = seen.not_after - now.unix_timestamp();
            let status = match left {
                left if left < 0 => "EXPIRED",
                left if left < 120 * 86_400 => "WARNING",
                _ if seen.not_before > now.unix_timestamp() => "NOT YET VALID",
                _ => "OK",
            };
            let until = OffsetDateTime::from_unix_timestamp(seen.not_after)?.format(&Rfc3339)?;
            let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            found.push(json!({
                "filename": file, "subject": seen.subject, "issuer": seen.issuer, "usages": seen.usages,
                "expiryTime": until, "residualTime": left.saturating_mul(1_000_000_000), "status": status,
            }));
        }
    }
    let asked = |form: &str| {
        arguments.iter().any(|word| word == &format!("--output={form}"))
            || arguments.windows(2).any(|pair| {
                pair.first().is_some_and(|flag| flag == "--output" || flag == "-o")
                    && pair.last().is_some_and(|value| value == form)
            })
    };
    if asked("json") {
        let document = json!({ "referenceTime": now.format(&Rfc3339)?, "certificates": found });
        logline::answer(document.to_string());
        return Ok(());
    }
    for one in found {
        logline::info(format!(
            "{}: certificate {} is {}, until {}",
            one["filename"].as_str().unwrap_or_default(),
            one["subject"].as_str().unwrap_or_default(),
            one["status"].as_str().unwrap_or_default(),
            one["expiryTime"].as_str().unwrap_or_default()
        ));
    }
    Ok(())
}

/// Moves leaves aside; the next start makes new ones.
fn rotate(context: &Context, arguments: &[String]) -> anyhow::Result<()> {
    let mut services = Vec::new();
    let mut rest = arguments.iter();
    while let Some(word) = rest.next() {
        if let Some(list) = word.strip_prefix("--service=") {
            services.extend(list.split(',').map(str::to_owned));
        } else if word == "--service" || word == "-s" {
            services.extend(rest.next().into_iter().flat_map(|list| list.split(',')).map(str::to_owned));
        }
    }
    let known = |service: &String| service == "kubelet" || LEAVES.iter().any(|leaf| leaf.service == service);
    if let Some(unknown) = services.iter().find(|service| !known(service)) {
        bail!("{unknown} is not a recognized service");
    }
    let backup = context.layout.server(format!("tls-{}", OffsetDateTime::now_utc().unix_timestamp()));
    std::fs::create_dir_all(&backup).with_context(|| format!("mkdir {}", backup.display()))?;
    for (service, path) in files(context) {
        if services.is_empty() || services.iter().any(|wanted| wanted == service) {
            set_aside(&path, &backup)?;
        }
    }
    logline::info(format!(
        "Successfully backed up certificates to {}, please restart {} server or agent to rotate certificates",
        backup.display(),
        context.layout.product()
    ));
    Ok(())
}

fn set_aside(path: &Path, backup: &Path) -> anyhow::Result<()> {
    let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let parent = path.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned();
    std::fs::rename(path, backup.join(format!("{parent}-{file}")))
        .with_context(|| format!("rename {}", path.display()))
}
