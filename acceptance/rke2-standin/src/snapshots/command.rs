//! `rke2 etcd-snapshot`: a client of the supervisor, nothing more (k3s pkg/cli/etcdsnapshot).

use anyhow::{Context as _, bail};
use serde_json::Value;

use super::{Options, S3Options};
use crate::context::Context;
use crate::logline;
use crate::supervisor::Remote;
use crate::token::Token;

/// Runs one sub-command on the server of this machine.
pub(crate) async fn run(context: &Context, operation: &str, names: &[String]) -> anyhow::Result<()> {
    let config = &context.config;
    let mut name = names.to_vec();
    if name.is_empty() && operation != "list" {
        name = vec![config.text("etcd-snapshot-name").unwrap_or("on-demand").to_owned()];
    }
    if operation == "delete" && names.is_empty() {
        bail!("no snapshots given for removal");
    }
    let options = Options {
        operation: operation.to_owned(),
        name,
        dir: config.text("etcd-snapshot-dir").map(str::to_owned),
        compress: Some(config.on("etcd-snapshot-compress")),
        retention: Some(usize::try_from(config.number("etcd-snapshot-retention", 5)).unwrap_or(5)),
        s3: S3Options::of(config),
    };
    let path = context.layout.server("token");
    let token = std::fs::read_to_string(&path).with_context(|| format!("open {}", path.display()))?;
    let token = Token::parse(&token)?;
    let remote =
        Remote::trust(&context.local_supervisor(), &token, "server", context.layout.distribution).await?;
    let text = remote.post_root("/db/snapshot", &serde_json::to_value(&options)?).await?;
    let answer: Value = serde_json::from_str(&text).context("the answer is not understood")?;
    if operation == "list" {
        logline::answer("Name Location Size Created");
        for item in answer["items"].as_array().into_iter().flatten() {
            let of = |path: &str| item.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
            logline::answer(format!(
                "{} {} {} {}",
                of("/spec/snapshotName"),
                of("/spec/location"),
                of("/status/size"),
                of("/status/creationTime")
            ));
        }
        return Ok(());
    }
    for name in answer["created"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        logline::info(format!("Snapshot {name} saved."));
    }
    for name in answer["deleted"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        logline::info(format!("Snapshot {name} deleted."));
    }
    Ok(())
}
