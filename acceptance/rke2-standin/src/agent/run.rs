//! `rke2 agent`: finds a server, proves to be its node, stays (k3s pkg/agent).

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{anyhow, bail};
use serde_json::{Value, json};

use super::{Kubelet, exited, register_self};
use crate::api::Api;
use crate::context::Context;
use crate::distribution::Distribution;
use crate::faults::name;
use crate::files::write_private;
use crate::host::node_password;
use crate::logline;
use crate::notify::notify;
use crate::pki::Pair;
use crate::pods::{Container, Runner};
use crate::supervisor::{Remote, RemoteError};
use crate::token::Token;

const RETRY: Duration = Duration::from_secs(2);

/// Runs until the process is told to end.
pub(crate) async fn run(context: Context) -> anyhow::Result<()> {
    if let Some(line) = context.faults.active(name::CRASH_LOOP) {
        bail!("{line}");
    }
    let program = context.layout.distribution.name();
    logline::info(format!("Starting {program} agent {} (standin)", context.version));
    if context.layout.distribution == Distribution::Rke2 {
        crate::staged::stage(&context)?;
    }
    let Some(server) = context.server_url().map(str::to_owned) else { bail!("--server is required") };
    let Some(token) = context.secret("token")? else { bail!("--token is required") };
    let token = Token::parse(&token)?;
    let password = node_password(&context.layout.node_password())?;
    let remote = find(&context, &server, &token).await;
    wait_for_configuration(&remote).await;
    let pair = prove(&context, &remote, &password).await;
    let api = Api::new(api_servers(&context, &remote).await, &remote.ca, &pair)?;
    while exited(&context)? {
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
    let mut kubelet = Kubelet::new(context.clone(), api.clone(), false);
    register_self(&mut kubelet).await;
    let runner = Runner::new(&context.layout);
    write_pods(&context)?;
    logline::info(format!("{program} agent is up and running"));
    notify("READY=1");
    stay(context, api, kubelet, runner, remote).await
}

/// The file in which an agent remembers its servers (k3s pkg/agent/loadbalancer).
fn balancer(context: &Context) -> PathBuf {
    context.layout.agent(format!("etc/{}-agent-load-balancer.json", context.layout.distribution.name()))
}

fn remembered(context: &Context) -> Vec<String> {
    let text = std::fs::read_to_string(balancer(context)).unwrap_or_default();
    let known: Value = serde_json::from_str(&text).unwrap_or_default();
    let addresses = known.get("ServerAddresses").and_then(Value::as_array).cloned().unwrap_or_default();
    addresses.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

async fn find(context: &Context, server: &str, token: &Token) -> Remote {
    let port = context.layout.distribution.supervisor_port();
    loop {
        let others = remembered(context).into_iter().filter_map(|address| {
            let host = address.rsplit_once(':')?.0.to_owned();
            Some(format!("https://{host}:{port}"))
        });
        let mut said = None;
        for url in std::iter::once(server.to_owned()).chain(others) {
            match Remote::trust(&url, token, "node", context.layout.distribution).await {
                Ok(remote) => return remote,
                Err(error) => {
                    said.get_or_insert(error);
                }
            }
        }
        if let Some(error) = said {
            logline::error(error.to_string());
        }
        tokio::time::sleep(RETRY).await;
    }
}

async fn wait_for_configuration(remote: &Remote) {
    loop {
        match remote.get("config", &[]).await {
            Ok(_) => return,
            Err(error) => {
                logline::info(format!(
                    "Waiting to retrieve agent configuration; server is not ready: {error}"
                ));
            }
        }
        tokio::time::sleep(RETRY).await;
    }
}

async fn prove(context: &Context, remote: &Remote, password: &str) -> Pair {
    loop {
        match prove_once(context, remote, password).await {
            Ok(pair) => return pair,
            Err(RemoteError::Refused { status, .. }) if status == reqwest::StatusCode::FORBIDDEN => {
                logline::error(
                    "Waiting to retrieve agent configuration; server is not ready: Node password rejected, duplicate \
                     hostname or contents of '/etc/rancher/node/password' may not match server node-passwd entry, \
                     try enabling a unique node name with the --with-node-id flag",
                );
            }
            Err(error) => {
                logline::info(format!(
                    "Waiting to retrieve agent configuration; server is not ready: {error}"
                ));
            }
        }
        tokio::time::sleep(RETRY).await;
    }
}

async fn prove_once(context: &Context, remote: &Remote, password: &str) -> Result<Pair, RemoteError> {
    let serving = remote.certificate("serving-kubelet.crt", &context.node, password).await?;
    let client = remote.certificate("client-kubelet.crt", &context.node, password).await?;
    for (file, pair) in [("serving-kubelet", &serving), ("client-kubelet", &client)] {
        write_private(&context.layout.agent(format!("{file}.crt")), &pair.certificate)?;
        write_private(&context.layout.agent(format!("{file}.key")), &pair.key)?;
    }
    write_private(&context.layout.agent("server-ca.crt"), &remote.ca)?;
    Ok(client)
}

async fn api_servers(context: &Context, remote: &Remote) -> Vec<String> {
    let mut servers: Vec<String> = match remote.get("apiservers", &[]).await {
        Ok(text) => serde_json::from_str(&text).unwrap_or_default(),
        Err(_) => Vec::new(),
    };
    if servers.is_empty() {
        servers = remembered(context);
    }
    let known = json!({ "ServerURL": remote.url, "ServerAddresses": servers });
    if let Err(error) = write_private(&balancer(context), known.to_string()) {
        logline::warn(format!("{error:#}"));
    }
    let direct = remote.url.rsplit_once(':').map(|(host, _)| format!("{host}:6443"));
    let mut urls: Vec<String> = servers.iter().map(|address| format!("https://{address}")).collect();
    urls.extend(direct.filter(|url| !urls.contains(url)));
    urls
}

/// kube-proxy is the one static pod of an agent (rke2 pkg/podexecutor).
fn write_pods(context: &Context) -> anyhow::Result<()> {
    if !context.layout.distribution.has_static_pods() || context.config.on("disable-kube-proxy") {
        return Ok(());
    }
    let pod = Container {
        name: "kube-proxy".to_owned(),
        image: crate::server::kubernetes_image(&context.version),
        command: Vec::new(),
        files: String::new(),
    };
    crate::pods::write(&context.layout.agent("pod-manifests"), &pod)
}

async fn stay(
    context: Context,
    api: Api,
    mut kubelet: Kubelet,
    mut runner: Runner,
    remote: Remote,
) -> anyhow::Result<()> {
    let mut lease = tokio::time::interval(crate::settings::Settings::milliseconds(context.settings.lease_ms));
    lease.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut end = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    loop {
        tokio::select! {
            _ = lease.tick() => {
                runner.sync().await;
                if let Err(error) = kubelet.renew().await {
                    logline::warn(format!("Failed to renew node lease: {error}"));
                }
                if let Err(error) = kubelet.mirror(&runner).await {
                    logline::warn(format!("Failed to update mirror pods: {error}"));
                }
                api.set_servers(api_servers(&context, &remote).await);
            }
            ended = end.recv() => {
                return ended.ok_or_else(|| anyhow!("signals ended"));
            }
        }
    }
}
