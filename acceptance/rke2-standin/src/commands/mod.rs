//! What the program can be called with.

mod certificate;
mod client;
mod pack;

use std::path::Path;

use anyhow::{Context as _, bail};

use crate::config::{Role, load};
use crate::context::Context;
use crate::distribution::{Distribution, Layout};
use crate::faults::Faults;
use crate::host::Node;
use crate::settings::Settings;
use crate::{agent, logline, pods, server, snapshots, version};

/// Runs one command.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<()> {
    // The whole program has one provider of cryptography; a second call would only say that there is one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let called =
        arguments.first().map(|path| Path::new(path).file_name().unwrap_or_default().to_string_lossy());
    let distribution = match called.as_deref() {
        Some("k3s") => Distribution::K3s,
        _ => Distribution::Rke2,
    };
    let rest = arguments.get(2..).unwrap_or_default();
    match arguments.get(1).map(String::as_str) {
        Some("server") => block(serve(distribution, rest.to_vec())),
        Some("agent") => block(follow(distribution, rest.to_vec())),
        Some("standin-apiserver") => {
            let spec = rest.first().context("standin-apiserver needs the path of its file")?;
            block(server::run_pod(Path::new(spec)))
        }
        Some("standin-killall") => block(kill_all(distribution, rest.to_vec())),
        Some("etcd-snapshot") => block(snapshot(distribution, rest.to_vec())),
        Some("token") => {
            let context = context(distribution, Role::Command, &[])?;
            block(async move { client::tokens(&context, rest).await })
        }
        Some("secrets-encrypt") => {
            let context = context(distribution, Role::Command, &[])?;
            block(async move { client::secrets_encrypt(&context, rest).await })
        }
        Some("certificate") => certificate::run(&context(distribution, Role::Command, &[])?, rest),
        Some("pack") => pack::run(rest),
        Some("--version" | "-v") => {
            logline::answer(format!("{} version {} (standin)", distribution.name(), version::own()));
            logline::answer("go version go1.24.5");
            Ok(())
        }
        Some(other) => bail!("No help topic for '{other}'"),
        None => bail!("a command is needed: server, agent"),
    }
}

fn block(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let ended = runtime.block_on(work);
    runtime.shutdown_background();
    ended
}

/// The places of this machine: `data-dir` is read from the configuration first.
pub(crate) fn context(
    distribution: Distribution,
    role: Role,
    arguments: &[String],
) -> anyhow::Result<Context> {
    let config = load(&Layout::new(distribution, None), role, arguments)?;
    let layout = Layout::new(distribution, config.text("data-dir"));
    let settings = Settings::read(&layout.standin())?;
    let faults = Faults::new(&layout);
    let node = Node::of(&config)?;
    Ok(Context { layout, config, version: version::own(), settings, faults, node })
}

async fn serve(distribution: Distribution, arguments: Vec<String>) -> anyhow::Result<()> {
    server::run(context(distribution, Role::Server, &arguments)?).await
}

async fn follow(distribution: Distribution, arguments: Vec<String>) -> anyhow::Result<()> {
    agent::run(context(distribution, Role::Agent, &arguments)?).await
}

/// The sub-command, `save` where none is named, and the names behind it.
async fn snapshot(distribution: Distribution, arguments: Vec<String>) -> anyhow::Result<()> {
    let context = context(distribution, Role::Command, &arguments)?;
    let mut words = arguments.iter().filter(|word| !word.starts_with('-'));
    let operation = match words.next().map(String::as_str) {
        Some("ls" | "list" | "l") => "list",
        Some("prune") => "prune",
        Some("delete") => "delete",
        _ => "save",
    };
    let names: Vec<String> = if operation == "delete" { words.cloned().collect() } else { Vec::new() };
    snapshots::run_command(&context, operation, &names).await
}

async fn kill_all(distribution: Distribution, arguments: Vec<String>) -> anyhow::Result<()> {
    let context = context(distribution, Role::Command, &arguments)?;
    let ended = pods::stop_recorded(&context.layout.agent("standin-pods")).await;
    logline::answer(format!("{ended} processes of static pods ended"));
    Ok(())
}
