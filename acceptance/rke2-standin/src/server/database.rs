//! The database of one server: starts or joins etcd, proves to be a member, keeps bootstrap data (k3s pkg/cluster).

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::Value;

use super::apiserver::{etcd_client, images};
use super::identity::{Identity, Origin};
use crate::bootstrap;
use crate::context::Context;
use crate::etcd::{EtcdClient, Launch, join, member_name};
use crate::faults::name;
use crate::logline;
use crate::pods::{Container, Process, Runner};
use crate::supervisor::Remote;

/// What runs etcd: static pods, or a child of this process.
pub(crate) enum Host {
    Pods(Box<Runner>),
    Child(Box<Option<Process>>),
}

impl Host {
    pub(crate) fn new(context: &Context) -> Self {
        if context.layout.distribution.has_static_pods() {
            return Self::Pods(Box::new(Runner::new(&context.layout)));
        }
        Self::Child(Box::new(None))
    }

    /// Keeps everything running; called again and again.
    pub(crate) async fn sync(&mut self) {
        if let Self::Pods(runner) = self {
            runner.sync().await;
        }
    }

    /// Which images run, pod by pod; empty where there are no static pods.
    pub(crate) fn images(&self) -> Vec<String> {
        match self {
            Self::Pods(runner) => runner
                .images()
                .into_iter()
                .map(|(pod, image)| format!("{} {image}", pod.container.name))
                .collect(),
            Self::Child(_) => Vec::new(),
        }
    }

    /// Whether a child that was started ended.
    pub(crate) fn ended(&mut self) -> bool {
        match self {
            Self::Pods(_) => false,
            Self::Child(child) => child.as_mut().as_mut().is_some_and(|process| !process.runs()),
        }
    }

    /// Ends the child; static pods stay (`KillMode=process`).
    pub(crate) async fn stop(&mut self) {
        if let Self::Child(child) = self
            && let Some(process) = child.as_mut()
        {
            process.stop().await;
        }
    }
}

/// The log of etcd.
pub(crate) fn log_path(context: &Context) -> PathBuf {
    context.layout.agent("logs/etcd.log")
}

/// Wipes a database whose member was removed (k3s pkg/etcd/etcd.go: tombstone).
pub(crate) fn bury(context: &Context) -> anyhow::Result<()> {
    let folder = context.layout.etcd();
    if !folder.join("tombstone").exists() {
        return Ok(());
    }
    logline::info("tombstone file has been detected, removing data dir to rejoin the cluster");
    set_aside(context)
}

/// Moves the database to `etcd-old-<unix>`, as upstream keeps it.
pub(crate) fn set_aside(context: &Context) -> anyhow::Result<()> {
    let folder = context.layout.etcd();
    if !folder.exists() {
        return Ok(());
    }
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    let old = folder.with_file_name(format!("etcd-old-{now}"));
    std::fs::rename(&folder, &old).with_context(|| format!("rename {}", folder.display()))
}

/// Starts the member; returns when it answers as a voter.
pub(crate) async fn start(
    context: &Context,
    identity: &Identity,
    host: &mut Host,
) -> anyhow::Result<EtcdClient> {
    let layout = &context.layout;
    let mut launch = Launch {
        name: member_name(layout, &context.node.name)?,
        address: context.node.address,
        only: context.only(),
        initial_cluster: String::new(),
        joins: false,
        force_new: false,
    };
    match &identity.origin {
        Origin::Own => {}
        Origin::New => launch.initial_cluster = format!("{}={}", launch.name, launch.peer_url()),
        Origin::Join(remote) => {
            launch.joins = true;
            let others = voters(remote).await.context("starting kubernetes: preparing server")?;
            let client = etcd_client(layout, others)?;
            match join(&client, &launch, &context.node.name).await {
                Ok(joined) => launch.initial_cluster = joined.initial_cluster,
                Err(error) => {
                    let _ = std::fs::remove_file(layout.etcd().join("name"));
                    bail!(
                        "starting kubernetes: preparing server: start managed database: joining etcd cluster: {error}"
                    );
                }
            }
        }
    }
    let file = launch.write(layout, &context.settings)?;
    let command =
        vec![context.settings.etcd.display().to_string(), format!("--config-file={}", file.display())];
    run(context, host, command).await?;
    let client = etcd_client(layout, vec![launch.client_url()])?;
    wait_for_voter(context, host, &client).await?;
    check_member(&client, &launch).await?;
    logline::info("Connection to etcd is ready");
    Ok(client)
}

async fn voters(remote: &Remote) -> anyhow::Result<Vec<String>> {
    let text = remote.get_root("/db/info").await.context("failed to get etcd cluster info")?;
    let answer: Value = serde_json::from_str(&text)?;
    let members = answer["members"].as_array().cloned().unwrap_or_default();
    let urls = members
        .iter()
        .filter(|member| member["isLearner"] != Value::Bool(true))
        .filter_map(|member| member.pointer("/clientURLs/0").and_then(Value::as_str))
        .map(str::to_owned)
        .collect();
    Ok(urls)
}

async fn run(context: &Context, host: &mut Host, command: Vec<String>) -> anyhow::Result<()> {
    let stalled = context.faults.active(name::STALLED_LEARNER).is_some();
    match host {
        Host::Pods(runner) => {
            let pod = Container {
                name: "etcd".to_owned(),
                image: images::etcd_image(),
                command,
                files: String::new(),
            };
            crate::pods::write(&context.layout.agent("pod-manifests"), &pod)?;
            runner.sync().await;
            if stalled {
                runner.freeze("etcd", true);
            }
            logline::info("Pod for etcd is synced");
        }
        Host::Child(child) => {
            let process = Process::start(&command, &log_path(context), true)?;
            if stalled {
                process.freeze(true);
            }
            **child = Some(process);
        }
    }
    Ok(())
}

impl Host {
    fn thaw(&self) {
        match self {
            Self::Pods(runner) => runner.freeze("etcd", false),
            Self::Child(child) => {
                if let Some(process) = child.as_ref() {
                    process.freeze(false);
                }
            }
        }
    }
}

/// Waits until the member answers and is no learner.
async fn wait_for_voter(context: &Context, host: &mut Host, client: &EtcdClient) -> anyhow::Result<()> {
    let mut turn: u32 = 0;
    let mut thawed = false;
    loop {
        match client.status().await {
            Ok(status) if !status.is_learner && status.leader != 0 => return Ok(()),
            Ok(status) if turn % 50 == 10 => {
                let state = if status.is_learner { "is still a learner" } else { "has no leader" };
                logline::info(format!("Waiting for etcd server to become available: this member {state}"));
            }
            Ok(_) => {}
            Err(error) if turn % 50 == 10 => {
                logline::info(format!("Waiting for etcd server to become available: {error}"));
            }
            Err(_) => {}
        }
        if !thawed && context.faults.active(name::STALLED_LEARNER).is_none() {
            host.thaw();
            thawed = true;
        }
        if turn.is_multiple_of(10) {
            host.sync().await;
            if was_removed(context) {
                let line = "the member has been permanently removed from the cluster";
                if turn.is_multiple_of(100) {
                    logline::error(format!("Failed to test etcd connection: {line}"));
                }
                if matches!(host, Host::Child(_)) {
                    std::fs::write(context.layout.etcd().join("tombstone"), "")?;
                    bail!("etcd server stopped: {line}");
                }
            } else if host.ended() {
                bail!("starting kubernetes: preparing server: start managed database: etcd exited");
            }
        }
        turn += 1;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Whether etcd's last words were that it is no member any more.
pub(crate) fn was_removed(context: &Context) -> bool {
    use std::io::{Read as _, Seek as _, SeekFrom};
    let Ok(mut file) = std::fs::File::open(log_path(context)) else { return false };
    let length = file.metadata().map_or(0, |meta| meta.len());
    let mut end = Vec::new();
    let read =
        file.seek(SeekFrom::Start(length.saturating_sub(8192))).and_then(|_| file.read_to_end(&mut end));
    read.is_ok() && String::from_utf8_lossy(&end).contains("permanently removed from the cluster")
}

/// k3s pkg/etcd/etcd.go Test: the address of a member does not change by itself.
async fn check_member(client: &EtcdClient, launch: &Launch) -> anyhow::Result<()> {
    let members = client.members().await?;
    let found: Vec<String> = members
        .iter()
        .flat_map(|member| member.peer_urls.iter().map(|url| format!("{}={url}", member.name)))
        .collect();
    let expected = format!("{}={}", launch.name, launch.peer_url());
    if found.contains(&expected) {
        return Ok(());
    }
    bail!("this server is a not a member of the etcd cluster. Found {found:?}, expect: {expected}")
}

/// Keeps the shared files the same in the database and on disk (k3s pkg/cluster/bootstrap.go ReconcileBootstrapData).
pub(crate) async fn reconcile(
    context: &Context,
    identity: &Identity,
    client: &EtcdClient,
) -> anyhow::Result<()> {
    let password = &identity.secrets.server;
    let key = bootstrap::key(password);
    let keys = client.prefix(bootstrap::PREFIX).await?;
    if !matches!(identity.origin, Origin::New) {
        logline::info("Reconciling bootstrap data between datastore and disk");
    }
    if let Some(argument) = context.faults.active(name::HANG_RECONCILE) {
        if argument == "once" {
            context.faults.spend(name::HANG_RECONCILE);
        }
        // rke2#9785: nothing more is said and nothing happens.
        std::future::pending::<()>().await;
    }
    let own = keys.iter().find(|kv| kv.key == key.as_bytes());
    match own {
        Some(kv) => {
            let plain =
                bootstrap::decrypt(password, &kv.value).context("failed to decrypt bootstrap data")?;
            let data: bootstrap::Data = serde_json::from_slice(&plain)?;
            let changed = bootstrap::spread(&context.layout, &data)?;
            if !changed.is_empty() {
                logline::warn(format!("Updated from the datastore: {}", changed.join(", ")));
            }
            Ok(())
        }
        None if keys.is_empty() => save(context, password, client).await,
        None => bail!("bootstrap data already found and encrypted with different token"),
    }
}

/// Writes the shared files into the database, encrypted by the token.
pub(crate) async fn save(context: &Context, password: &str, client: &EtcdClient) -> anyhow::Result<()> {
    let data = serde_json::to_vec(&bootstrap::collect(&context.layout)?)?;
    let sealed = bootstrap::encrypt(password, &data)?;
    client.put(&bootstrap::key(password), sealed.as_bytes()).await?;
    Ok(())
}
