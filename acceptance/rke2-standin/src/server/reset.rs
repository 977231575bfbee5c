//! `--cluster-reset`, with or without a snapshot: one server becomes a cluster of its own (k3s pkg/etcd/etcd.go Reset,
//! Restore; pkg/cluster/managed.go).

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use super::apiserver::etcd_client;
use super::database::{log_path, set_aside};
use crate::bootstrap;
use crate::context::Context;
use crate::etcd::{EtcdClient, Launch, member_name};
use crate::faults::name;
use crate::files::{random_hex, read_if_there, write_private};
use crate::logline;
use crate::pki::make_authorities;
use crate::pods::{Process, stop_recorded};
use crate::snapshots::{S3Options, Store, trailer_fits};
use crate::supervisor::{Secrets, write_passwords};
use crate::token::Token;

/// Does it and ends; the unit is started without the flag afterwards.
pub(crate) async fn run(context: &Context) -> anyhow::Result<()> {
    let program = context.layout.product();
    if let Some(url) = context.server_url() {
        logline::error(format!("server is set to {url}"));
        bail!(
            "cannot perform cluster-reset while server URL is set - remove server from configuration before resetting"
        );
    }
    let flag = context.layout.reset_flag();
    if flag.exists() {
        bail!(
            "Managed etcd cluster membership was previously reset, please remove the cluster-reset flag and start \
             {program} normally. If you need to perform another cluster reset, you must first manually delete the \
             file at {}",
            flag.display()
        );
    }
    if let Some(line) = context.faults.active(name::RESET_FAIL) {
        bail!("{line}");
    }
    let password = password(context)?;
    let restored = match context.config.text("cluster-reset-restore-path") {
        Some(path) => Some(fetch(context, path).await?),
        None if !context.layout.etcd().join("member/wal").exists() => {
            bail!("etcd datastore is not initialized: there is no database to reset on this node")
        }
        None => None,
    };
    // RKE2's etcd is a pod that may still run; the reset's kubelet takes it down first.
    stop_recorded(&context.layout.agent("standin-pods")).await;
    if let Some(snapshot) = &restored {
        logline::info(format!("Performing etcd restore from snapshot {}", snapshot.display()));
        restore(context, snapshot)?;
    }
    let mut etcd = force_new(context, restored.is_some()).await?;
    let done = finish(context, &etcd.client, &password).await;
    etcd.process.stop().await;
    done?;
    write_private(&flag, "")?;
    logline::info(
        "Managed etcd cluster membership has been reset, restart without --cluster-reset flag now. Backup and delete \
         ${datadir}/server/db on each peer etcd server and rejoin the nodes",
    );
    Ok(())
}

/// The token that opens the bootstrap data: given, or of this server before.
fn password(context: &Context) -> anyhow::Result<String> {
    let known = read_if_there(&context.layout.server("token"))?;
    match context.secret("token")?.or(known) {
        Some(text) => Ok(Token::parse(&text)?.password),
        None => bail!("--token is required: a snapshot can only be opened with the token it was made under"),
    }
}

/// The snapshot's file: where it lies, or brought from S3 by its bare name.
async fn fetch(context: &Context, path: &str) -> anyhow::Result<PathBuf> {
    let Some(options) = S3Options::of(&context.config) else {
        let file = PathBuf::from(path);
        let meta = std::fs::metadata(&file)
            .with_context(|| format!("etcd: snapshot path does not exist: {}", file.display()))?;
        if meta.len() == 0 {
            bail!("etcd: snapshot path is an empty file: {}", file.display());
        }
        return Ok(file);
    };
    if !options.config_secret.is_empty() && options.bucket.is_empty() {
        bail!(
            "cannot use S3 config secret when restoring snapshot; configuration must be set in CLI or config file"
        );
    }
    let name = path.rsplit('/').next().unwrap_or(path);
    logline::info(format!("Retrieving etcd snapshot {name} from S3"));
    let store = Store::open(&options, context.layout.distribution.name())?;
    let bytes =
        store.get(name).await.with_context(|| format!("failed to download snapshot {name} from S3"))?;
    let file = context.layout.snapshots().join(name);
    write_private(&file, bytes)?;
    Ok(file)
}

/// A database out of a snapshot, by etcd's own tool; the old one is kept as `etcd-old-<unix>`.
fn restore(context: &Context, snapshot: &Path) -> anyhow::Result<()> {
    let bytes = std::fs::read(snapshot).with_context(|| format!("open {}", snapshot.display()))?;
    if !trailer_fits(&bytes) {
        bail!(
            "snapshot {} has no valid sha256 at its end: snapshot is not valid or is corrupt",
            snapshot.display()
        );
    }
    set_aside(context)?;
    let folder = context.layout.etcd();
    let name = format!("{}-{}", context.node.name, random_hex(4)?);
    let peer = format!("https://{}:2380", context.node.address);
    let made = Command::new(&context.settings.etcdctl)
        .env("ETCDCTL_API", "3")
        .args(["snapshot", "restore"])
        .arg(snapshot)
        .arg("--data-dir")
        .arg(&folder)
        .args([
            "--name",
            &name,
            "--initial-cluster",
            &format!("{name}={peer}"),
            "--initial-advertise-peer-urls",
            &peer,
        ])
        .output()
        .with_context(|| format!("exec {}", context.settings.etcdctl.display()))?;
    if !made.status.success() {
        bail!("etcd: failed to restore snapshot: {}", String::from_utf8_lossy(&made.stderr).trim());
    }
    write_private(&folder.join("name"), &name)
}

struct Temporary {
    process: Process,
    client: EtcdClient,
}

/// Runs etcd alone in its cluster, whoever was in it.
async fn force_new(context: &Context, restored: bool) -> anyhow::Result<Temporary> {
    let layout = &context.layout;
    make_authorities(layout)?;
    crate::pki::make_leaves(layout, &context.alternatives(), false, None)?;
    let launch = Launch {
        name: member_name(layout, &context.node.name)?,
        address: context.node.address,
        only: context.only(),
        initial_cluster: String::new(),
        joins: false,
        // What etcdctl restored is alone already.
        force_new: !restored,
    };
    let file = launch.write(layout, &context.settings)?;
    let command = [context.settings.etcd.display().to_string(), format!("--config-file={}", file.display())];
    let mut process = Process::start(&command, &log_path(context), true)?;
    let client = etcd_client(layout, vec![launch.client_url()])?;
    for _ in 0..300 {
        if matches!(client.status().await, Ok(status) if status.leader != 0) {
            return Ok(Temporary { process, client });
        }
        if !process.runs() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    process.stop().await;
    bail!("etcd did not start for the reset; see {}", log_path(context).display())
}

/// The files all servers share come out of the database, by the token; the member's address is this machine's.
async fn finish(context: &Context, client: &EtcdClient, password: &str) -> anyhow::Result<()> {
    let layout = &context.layout;
    let keys = client.prefix(bootstrap::PREFIX).await?;
    let key = bootstrap::key(password);
    let Some(kv) = keys.iter().find(|kv| kv.key == key.as_bytes()) else {
        bail!("bootstrap data already found and encrypted with different token");
    };
    let plain = bootstrap::decrypt(password, &kv.value).context("failed to decrypt bootstrap data")?;
    bootstrap::spread(layout, &serde_json::from_slice(&plain)?)?;
    let agent = Secrets::read(layout)?.map_or_else(|| password.to_owned(), |known| known.agent);
    write_passwords(layout, &Secrets { server: password.to_owned(), agent })?;
    let ca = std::fs::read_to_string(layout.tls("server-ca.crt")).context("open server-ca.crt")?;
    let token = crate::token::format(&crate::token::ca_hash(&ca)?, "server", password);
    write_private(&layout.server("token"), format!("{token}\n"))?;
    let own = format!("https://{}:2380", context.node.address);
    for member in client.members().await? {
        if !member.peer_urls.contains(&own) {
            client.update_member(member.id, &own).await?;
        }
    }
    Ok(())
}
