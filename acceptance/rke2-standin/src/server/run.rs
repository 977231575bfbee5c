//! The order in which a server starts (rke2 pkg/rke2/rke2.go, k3s pkg/cli/server/server.go).

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use sha2::{Digest as _, Sha256};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::apiserver::{self, Spec, images};
use super::controllers::Controllers;
use super::database::{self, Host};
use super::{identity, kubeconfig};
use crate::agent::{Kubelet, exited, register_self};
use crate::api::Api;
use crate::context::Context;
use crate::distribution::Distribution;
use crate::faults::name;
use crate::files::write_private;
use crate::host::node_password;
use crate::kube::serve;
use crate::logline;
use crate::notify::notify;
use crate::pods::Container;
use crate::supervisor::{Remote, RemoteError, Shared, router};
use crate::token::Token;

/// Runs until the process is told to end.
pub(crate) async fn run(context: Context) -> anyhow::Result<()> {
    let mut end = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut host = Host::new(&context);
    let ended = tokio::select! {
        ended = serve_cluster(&context, &mut host) => ended,
        _ = end.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
    };
    host.stop().await;
    ended
}

async fn serve_cluster(context: &Context, host: &mut Host) -> anyhow::Result<()> {
    let program = context.layout.distribution.name();
    if let Some(line) = context.faults.active(name::CRASH_LOOP) {
        bail!("{line}");
    }
    logline::info(format!("Starting {program} {} (standin)", context.version));
    check(context)?;
    if context.layout.distribution == Distribution::Rke2 {
        crate::staged::stage(context)?;
    }
    if context.config.on("cluster-reset") {
        return super::reset::run(context).await;
    }
    database::bury(context)?;
    let identity = identity::settle(context).await?;
    identity::write_files(context, &identity.secrets)?;
    let shared = Shared::new(context.clone());
    let stop = CancellationToken::new();
    let _end = stop.clone().drop_guard();
    let supervisor = listen(context, &shared, &stop).await?;
    let etcd = database::start(context, &identity, host).await?;
    database::reconcile(context, &identity, &etcd).await?;
    // Authorities may have come from the database.
    identity::write_files(context, &identity.secrets)?;
    // A start without the flag is what the reset asked for.
    let _ = std::fs::remove_file(context.layout.reset_flag());
    let _ = shared.etcd.set(etcd.clone());
    let api = start_api(context, host, &shared, supervisor, &stop).await?;
    kubeconfig::write(context)?;
    let _ = shared.api.set(api.clone());
    if let Some(seconds) = context.faults.active(name::SLOW_READY) {
        tokio::time::sleep(Duration::from_secs(seconds.parse().unwrap_or(60))).await;
    }
    logline::info("Kube API server is now running");
    shared.set_ready();
    let controllers = Controllers::new(context.clone(), etcd.clone(), api.clone());
    let controllers = tokio::spawn(controllers.run());
    let snapshots = tokio::spawn(crate::snapshots::run_schedule(Arc::clone(&shared)));
    let mut kubelet = start_kubelet(context, host).await?;
    crate::encryption::tell(context, &api).await?;
    logline::info(format!("{program} is up and running"));
    notify("READY=1");
    let ended = stay(context, host, &mut kubelet).await;
    controllers.abort();
    snapshots.abort();
    ended
}

/// What is refused before anything is touched.
fn check(context: &Context) -> anyhow::Result<()> {
    let config = &context.config;
    let profile = config.text("profile").unwrap_or_default();
    if profile.starts_with("cis") || profile == "etcd" {
        let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        if !passwd.lines().any(|line| line.starts_with("etcd:")) {
            bail!("missing required: user: unknown user etcd\nmissing required: group: unknown group etcd");
        }
        for (key, wanted) in [
            ("vm/overcommit_memory", "1"),
            ("vm/panic_on_oom", "0"),
            ("kernel/panic", "10"),
            ("kernel/panic_on_oops", "1"),
        ] {
            let found = crate::host::fact(&format!("/proc/sys/{key}"));
            if found != wanted {
                bail!("invalid kernel parameter value {}={found} - expected {wanted}", key.replace('/', "."));
            }
        }
    }
    if config.on("disable-etcd") {
        bail!("the stand-in has no server without etcd: disable-etcd is not stood in for");
    }
    Ok(())
}

/// The supervisor's port is open before anything else runs; K3s shares it with the API.
async fn listen(
    context: &Context,
    shared: &Arc<Shared>,
    stop: &CancellationToken,
) -> anyhow::Result<Option<tokio::net::TcpListener>> {
    let port = context.layout.distribution.supervisor_port();
    let listener = apiserver::listen(context.only(), port).await?;
    if !context.layout.distribution.has_static_pods() {
        return Ok(Some(listener));
    }
    let tls = apiserver::tls(&context.layout)?;
    tokio::spawn(serve::serve(listener, tls, router(Arc::clone(shared)), stop.clone()));
    Ok(None)
}

async fn start_api(
    context: &Context,
    host: &mut Host,
    shared: &Arc<Shared>,
    listener: Option<tokio::net::TcpListener>,
    stop: &CancellationToken,
) -> anyhow::Result<Api> {
    let layout = &context.layout;
    std::fs::create_dir_all(layout.server("manifests"))?;
    crate::staged::charts(context)?;
    let spec = Spec::of(context);
    match listener {
        None => {
            let file = spec.write()?;
            let program = Context::program()?.display().to_string();
            let command =
                [program.trim_end_matches(" (deleted)"), "standin-apiserver", &file.display().to_string()]
                    .map(str::to_owned)
                    .to_vec();
            write_pods(context, command)?;
            // What an earlier version left running is replaced before anybody is told that the API is there.
            host.sync().await;
        }
        Some(listener) => {
            let routes = router(Arc::clone(shared)).fallback_service(apiserver::start(&spec, stop)?);
            tokio::spawn(serve::serve(listener, apiserver::tls(layout)?, routes, stop.clone()));
        }
    }
    let ca = std::fs::read_to_string(layout.tls("server-ca.crt"))?;
    let api = Api::new(vec![context.local_api()], &ca, &layout.pair("client-supervisor")?)?;
    let mut turn: u32 = 0;
    while !api.is_ready().await {
        turn += 1;
        if turn % 5 == 1 {
            host.sync().await;
        }
        if turn.is_multiple_of(100) {
            logline::info("Waiting for API server to become available");
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(api)
}

/// The static pods of a server (rke2 pkg/podexecutor).
fn write_pods(context: &Context, apiserver: Vec<String>) -> anyhow::Result<()> {
    let folder = context.layout.agent("pod-manifests");
    let kubernetes = images::kubernetes_image(&context.version);
    let cloud = images::cloud_controller_image(&context.version);
    let config = &context.config;
    let pods = [
        ("kube-apiserver", kubernetes.clone(), apiserver, true),
        ("kube-controller-manager", kubernetes.clone(), Vec::new(), !config.on("disable-controller-manager")),
        ("kube-scheduler", kubernetes.clone(), Vec::new(), !config.on("disable-scheduler")),
        ("kube-proxy", kubernetes, Vec::new(), !config.on("disable-kube-proxy")),
        ("cloud-controller-manager", cloud, Vec::new(), !config.on("disable-cloud-controller")),
    ];
    let files = files_hash(&context.layout)?;
    for (name, image, command, wanted) in pods {
        if wanted {
            crate::pods::write(
                &folder,
                &Container { name: name.to_owned(), image, command, files: files.clone() },
            )?;
        } else {
            crate::pods::remove(&folder, name);
        }
    }
    Ok(())
}

/// The agent inside a server: asks its own supervisor, so that node passwords count for servers too.
async fn start_kubelet(context: &Context, host: &mut Host) -> anyhow::Result<Kubelet> {
    let layout = &context.layout;
    let password = node_password(&layout.node_password())?;
    let text = std::fs::read_to_string(layout.server("token")).context("open token")?;
    let token = Token::parse(&text)?;
    let remote = Remote::trust(&context.local_supervisor(), &token, "server", layout.distribution).await?;
    let pair = loop {
        match remote.certificate("client-kubelet.crt", &context.node, &password).await {
            Ok(pair) => break pair,
            Err(RemoteError::Refused { status, .. }) if status == reqwest::StatusCode::FORBIDDEN => {
                logline::error(
                    "Waiting to retrieve agent configuration; server is not ready: Node password rejected, duplicate \
                 hostname or contents of '/etc/rancher/node/password' may not match server node-passwd entry, try \
                 enabling a unique node name with the --with-node-id flag",
                );
            }
            Err(error) => {
                logline::info(format!(
                    "Waiting to retrieve agent configuration; server is not ready: {error}"
                ));
            }
        }
        host.sync().await;
        tokio::time::sleep(Duration::from_secs(2)).await;
    };
    write_private(&layout.agent("client-kubelet.crt"), &pair.certificate)?;
    write_private(&layout.agent("client-kubelet.key"), &pair.key)?;
    let api = Api::new(vec![context.local_api()], &remote.ca, &pair)?;
    while exited(context)? {
        host.sync().await;
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
    let mut kubelet = Kubelet::new(context.clone(), api, true);
    register_self(&mut kubelet).await;
    mirror(&kubelet, host).await;
    Ok(kubelet)
}

/// What the API server serves and asks with.
fn files_hash(layout: &crate::distribution::Layout) -> anyhow::Result<String> {
    let mut hash = Sha256::new();
    for file in ["serving-kube-apiserver.crt", "client-kube-apiserver.crt", "client-ca.crt"] {
        hash.update(std::fs::read(layout.tls(file)).with_context(|| format!("open {file}"))?);
    }
    Ok(crate::files::hex(&hash.finalize()))
}

async fn mirror(kubelet: &Kubelet, host: &Host) {
    if let Host::Pods(runner) = host
        && let Err(error) = kubelet.mirror(runner).await
    {
        logline::warn(format!("Failed to update mirror pods: {error}"));
    }
}

/// From ready to the end.
async fn stay(context: &Context, host: &mut Host, kubelet: &mut Kubelet) -> anyhow::Result<()> {
    let beat = crate::settings::Settings::milliseconds(context.settings.lease_ms);
    let mut lease = tokio::time::interval(beat);
    let mut pods = tokio::time::interval(Duration::from_secs(1));
    lease.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    pods.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut failing = false;
    let mut told = false;
    let mut images = host.images();
    loop {
        tokio::select! {
            _ = lease.tick() => {
                mirror(kubelet, host).await;
                match kubelet.renew().await {
                    Ok(()) => failing = false,
                    Err(error) if !failing => {
                        failing = true;
                        logline::warn(format!("Failed to renew node lease: {error}"));
                    }
                    Err(_) => {}
                }
            }
            _ = pods.tick() => {
                host.sync().await;
                let running = host.images();
                if running != images {
                    mirror(kubelet, host).await;
                    images = running;
                }
                if host.ended() && !told {
                    told = true;
                    after_etcd(context)?;
                }
            }
        }
    }
}

/// etcd inside K3s ended (k3s pkg/daemons/executor/etcd.go).
fn after_etcd(context: &Context) -> anyhow::Result<()> {
    if !database::was_removed(context) {
        return Err(anyhow!("etcd server stopped"));
    }
    std::fs::write(context.layout.etcd().join("tombstone"), "")?;
    let program = context.layout.distribution.name();
    logline::info(format!(
        "this node has been removed from the cluster please restart {program} to rejoin the cluster"
    ));
    Ok(())
}
