//! Bringing the laboratory up and down, and reaching into it.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Once};
use std::time::Duration;

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::artefacts;
use crate::control;
use crate::faults::Faults;
use crate::handles::Inner;
use crate::journal::Journal;
use crate::netbox::server::{self, NetBox, NetBoxConfig};
use crate::pve::access::{Access, Token};
use crate::pve::cluster::{Cluster, ClusterConfig, Directory, Node, Reach, State};
use crate::pve::config::families;
use crate::pve::config::store::Configuration;
use crate::pve::guest::Real;
use crate::pve::guest::random_uuid;
use crate::pve::http::{self, Endpoint};
use crate::pve::locks::{Guard, Mode};
use crate::pve::personality::Release;
use crate::pve::storage::Storage;
use crate::real::{RealError, RealGuests, TEMPLATES, packages};
use crate::tls::{self, TlsError};

/// How to set a laboratory up. `Default` is a single 8.4 node `pve1` on random ports in a temporary directory.
#[derive(Debug, Clone)]
pub struct LabConfig {
    /// Where everything is kept; a temporary directory, removed at the end, where `None`.
    pub dir: Option<PathBuf>,
    /// Release to play.
    pub release: Release,
    /// Node names.
    pub nodes: Vec<String>,
    /// First port of the nodes' endpoints; random where `None`.
    pub port: Option<u16>,
    /// Shortest time a task takes.
    pub task_duration: Duration,
    /// Wait before a 401; a real server takes 3 s.
    pub auth_delay: Duration,
    /// How long an update waits for a configuration lock; a real server 10 s.
    pub lock_wait: Duration,
    /// How long HA takes before it acts on a requested state; some 10 s on a real cluster.
    pub ha_delay: Duration,
    /// How long after its start a machine's agent answers; never where `None`.
    pub agent_boot: Option<Duration>,
    /// How long a call to a guest agent that does not answer takes; 3 s on a real server.
    pub agent_wait: Duration,
    /// How long a node waits for a silent peer before 596; a real server 30 s.
    pub proxy_wait: Duration,
    /// Password of root@pam.
    pub root_password: String,
    /// Name and secret of root's token; the secret is random where `None`.
    pub token_name: String,
    /// Secret of that token.
    pub token_secret: Option<String>,
    /// Images put on the artefact server at start.
    pub seed_images: Vec<PathBuf>,
    /// Only the storage `local`, as the recorded server had it.
    pub only_local: bool,
    /// A NetBox stand-in beside; none where `None`.
    pub netbox: Option<NetBoxConfig>,
    /// Where root file systems are kept, to have guests that are real ([`crate::RealGuests`]); simulated ones where
    /// `None`.
    pub real_guests: Option<PathBuf>,
}

impl Default for LabConfig {
    fn default() -> Self {
        Self {
            dir: None,
            release: Release::default(),
            nodes: vec!["pve1".to_owned()],
            port: None,
            task_duration: Duration::from_millis(30),
            auth_delay: Duration::ZERO,
            lock_wait: Duration::from_secs(10),
            ha_delay: Duration::from_millis(200),
            agent_boot: Some(Duration::from_millis(100)),
            agent_wait: Duration::from_millis(30),
            proxy_wait: Duration::from_secs(30),
            root_password: "lab-root-password".to_owned(),
            token_name: "lab".to_owned(),
            token_secret: None,
            seed_images: Vec::new(),
            only_local: false,
            netbox: None,
            real_guests: None,
        }
    }
}

/// The laboratory could not be brought up.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// TLS.
    #[error("TLS could not be set up")]
    Tls(#[from] TlsError),
    /// Files or sockets.
    #[error("{what}")]
    Io {
        /// What was tried.
        what: String,
        /// Why it failed.
        #[source]
        source: std::io::Error,
    },
    /// Guests cannot be real here.
    #[error(transparent)]
    Real(#[from] RealError),
    /// No node was named.
    #[error("a laboratory needs at least one node")]
    NoNodes,
}

pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> LabError {
    let what = what.into();
    move |source| LabError::Io { what, source }
}

/// Whether and how a node answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeState {
    /// Answers.
    Online,
    /// Unreachable: 595 from its peers, cut connections at its own endpoint.
    Offline,
    /// Takes connections and never answers: 596 from its peers.
    Silent,
}

/// A running laboratory. Dropping it ends its servers; a temporary directory goes with it.
#[derive(Debug)]
pub struct Lab {
    pub(crate) inner: Arc<Inner>,
    servers: Vec<JoinHandle<()>>,
    _temporary: Option<tempfile::TempDir>,
}

/// A held configuration lock; dropping it gives the lock back.
#[derive(Debug)]
pub struct Held(#[allow(dead_code)] Guard);

fn install_crypto() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Somebody else's provider is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

async fn listen(port: u16) -> Result<(TcpListener, SocketAddr), LabError> {
    let wanted = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let listener = TcpListener::bind(wanted).await.map_err(io(format!("cannot listen on {wanted}")))?;
    let address = listener.local_addr().map_err(io("cannot learn the own address"))?;
    Ok((listener, address))
}

/// Contents of `local` on every node.
const ALL_CONTENT: &[&str] = &["images", "rootdir", "vztmpl", "iso", "backup", "snippets", "import"];

fn initial_state(config: &LabConfig, token_secret: &str, fingerprint: &str) -> State {
    let mut access = Access::new(&config.root_password, config.release.personality());
    let token = Token { secret: token_secret.to_owned(), privsep: false, expire: 0, comment: String::new() };
    if let Some(root) = access.users.get_mut("root@pam") {
        root.tokens.insert(config.token_name.clone(), token);
    }
    let node =
        |name: &String| (name.clone(), Node { reach: Reach::Online, fingerprint: fingerprint.to_owned() });
    let mut local = Storage::dir("local", "/var/lib/vz", ALL_CONTENT);
    local.options.insert("prune-backups".to_owned(), "keep-all=1".to_owned());
    let mut storages = vec![local];
    if !config.only_local {
        storages.push(Storage::lvmthin("local-lvm"));
        let mut shared = Storage::dir("shared", "/mnt/pve/shared", ALL_CONTENT);
        shared.shared = true;
        storages.push(shared);
    }
    let mut configuration = Configuration::default();
    families::builtin_realms(&mut configuration);
    families::builtin_notifications(&mut configuration);
    families::builtin_sdn(&mut configuration);
    State {
        access,
        config: configuration,
        nodes: config.nodes.iter().map(node).collect(),
        storages: storages.into_iter().map(|s| (s.id.clone(), s)).collect(),
        ..State::default()
    }
}

impl Lab {
    /// Brings a laboratory up inside this process, on loopback.
    ///
    /// # Errors
    /// A directory, certificate or socket could not be made.
    pub async fn start(config: LabConfig) -> Result<Self, LabError> {
        install_crypto();
        if config.nodes.is_empty() {
            return Err(LabError::NoNodes);
        }
        let temporary = match &config.dir {
            Some(_) => None,
            None => Some(
                tempfile::Builder::new()
                    .prefix("hybridops-lab-")
                    .tempdir()
                    .map_err(io("cannot make a temporary directory"))?,
            ),
        };
        let dir = match (&config.dir, &temporary) {
            (Some(dir), _) => dir.clone(),
            (None, Some(temporary)) => temporary.path().to_owned(),
            (None, None) => return Err(LabError::NoNodes),
        };
        for sub in ["artefacts", "nodes", "shared", "tmp"] {
            std::fs::create_dir_all(dir.join(sub))
                .map_err(io(format!("cannot make {}", dir.join(sub).display())))?;
        }
        for image in &config.seed_images {
            let name = image.file_name().unwrap_or(image.as_os_str());
            let target = dir.join("artefacts").join(name);
            std::fs::copy(image, &target).map_err(io(format!("cannot copy {}", image.display())))?;
        }
        let identity = tls::identity(&config.nodes)?;
        let secret = config.token_secret.clone().unwrap_or_else(random_uuid);
        let faults = Arc::new(Faults::default());
        let journal = Arc::new(Journal::default());
        let cluster_config = ClusterConfig {
            root: dir.clone(),
            release: config.release,
            task_duration: config.task_duration,
            auth_delay: config.auth_delay,
            lock_wait: config.lock_wait,
            ha_delay: config.ha_delay,
            agent_boot: config.agent_boot,
            agent_wait: config.agent_wait,
            proxy_wait: config.proxy_wait,
        };
        let state = initial_state(&config, &secret, &identity.fingerprint);
        let runtime = tokio::runtime::Handle::current();
        let cluster = Arc::new(Cluster::new(cluster_config, state, faults, journal, runtime));
        let mut servers = Vec::new();
        if let Some(cache) = &config.real_guests {
            let guests = RealGuests::start(&dir, cache)?;
            let (address, server) = packages::serve(guests.host(), cache).await?;
            guests.set_packages(address);
            servers.push(server);
            let _ = cluster.real.set(Real::new(guests, dir.clone()));
        }
        let mut endpoints = Vec::new();
        for (index, node) in config.nodes.iter().enumerate() {
            let offset = u16::try_from(index).unwrap_or_default();
            let (listener, address) = listen(config.port.map_or(0, |p| p.saturating_add(offset))).await?;
            let endpoint = Endpoint { cluster: Arc::clone(&cluster), node: node.clone(), address };
            endpoints.push(endpoint.clone());
            servers.push(tokio::spawn(http::serve(endpoint, listener, identity.acceptor.clone())));
        }
        let netbox = match &config.netbox {
            Some(config) => {
                let (netbox, server) =
                    server::start(config).await.map_err(io("cannot start the NetBox stand-in"))?;
                servers.push(server);
                Some(netbox)
            }
            None => None,
        };
        let (artefact_listener, artefacts) = listen(0).await?;
        let (control_listener, control) = listen(0).await?;
        let artefact_journal = Arc::new(Journal::default());
        let inner = Arc::new(Inner {
            cluster,
            dir: dir.clone(),
            endpoints,
            artefacts,
            artefact_journal: Arc::clone(&artefact_journal),
            control,
            ca: identity.ca,
            token: format!("root@pam!{}={secret}", config.token_name),
            root_password: config.root_password,
            netbox,
            stop: Notify::new(),
        });
        servers.push(artefacts::serve(artefact_listener, dir.join("artefacts"), artefact_journal));
        servers.push(control::serve(control_listener, Arc::clone(&inner)));
        let lab = Self { inner, servers, _temporary: temporary };
        lab.raise_nodes(&config.nodes)?;
        lab.write_files()?;
        Ok(lab)
    }

    /// The shells of the nodes and the templates they have, where guests are real.
    fn raise_nodes(&self, nodes: &[String]) -> Result<(), LabError> {
        let Some(real) = self.real() else { return Ok(()) };
        for node in nodes {
            real.raise_node(node, &self.inner.dir.join("host").join(node), self.inner.control)?;
            for template in TEMPLATES {
                let Some(place) = self.volume_place(node, template) else { continue };
                let what = || format!("cannot make {}", place.display());
                let parent = place.parent().unwrap_or(&place);
                std::fs::create_dir_all(parent).map_err(io(what()))?;
                std::fs::write(&place, template).map_err(io(what()))?;
            }
        }
        Ok(())
    }

    /// Writes what others need to reach the laboratory.
    fn write_files(&self) -> Result<(), LabError> {
        let dir = &self.inner.dir;
        let write = |name: &str, text: &str| {
            std::fs::write(dir.join(name), text)
                .map_err(io(format!("cannot write {}", dir.join(name).display())))
        };
        let env: String = self
            .environment()
            .iter()
            .map(|(k, v)| format!("export {k}='{}'\n", v.replace('\'', "'\\''")))
            .collect();
        write("ca.pem", &self.inner.ca)?;
        write("endpoints", &(self.endpoints().join("\n") + "\n"))?;
        write("api-token", &self.inner.token)?;
        write("root-password", &self.inner.root_password)?;
        write("env", &env)
    }

    /// URLs of the nodes, in order.
    pub fn endpoints(&self) -> Vec<String> {
        self.inner.endpoints.iter().map(Endpoint::url).collect()
    }

    /// `user@realm!name=secret` of root's token, without privilege separation.
    pub fn api_token(&self) -> &str {
        &self.inner.token
    }

    /// Password of root@pam.
    pub fn root_password(&self) -> &str {
        &self.inner.root_password
    }

    /// The authority's certificate, PEM.
    pub fn ca_certificate(&self) -> &str {
        &self.inner.ca
    }

    /// Where everything is kept.
    pub fn dir(&self) -> &Path {
        &self.inner.dir
    }

    /// URL of the control endpoint.
    pub fn control_url(&self) -> String {
        format!("http://{}/_lab", self.inner.control)
    }

    /// URL of a file on the artefact server.
    pub fn artefact_url(&self, name: &str) -> String {
        format!("http://{}/{name}", self.inner.artefacts)
    }

    /// Puts a file on the artefact server.
    ///
    /// # Errors
    /// The file could not be written.
    pub fn put_artefact(&self, name: &str, content: &[u8]) -> Result<(), LabError> {
        let path = self.inner.dir.join("artefacts").join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(io(format!("cannot make {}", parent.display())))?;
        }
        std::fs::write(&path, content).map_err(io(format!("cannot write {}", path.display())))
    }

    /// Environment for a provider or a client.
    pub fn environment(&self) -> BTreeMap<String, String> {
        self.inner.environment()
    }

    /// The NetBox stand-in, where there is one.
    pub fn netbox(&self) -> Option<&NetBox> {
        self.inner.netbox.as_deref()
    }

    /// URL of the NetBox stand-in, where there is one.
    pub fn netbox_url(&self) -> Option<&str> {
        self.netbox().map(NetBox::url)
    }

    /// Faults to arm.
    pub fn faults(&self) -> &Faults {
        &self.inner.cluster.faults
    }

    /// Requests the nodes got.
    pub fn journal(&self) -> &Journal {
        &self.inner.cluster.journal
    }

    /// Requests the artefact server got.
    pub fn artefact_journal(&self) -> &Journal {
        &self.inner.artefact_journal
    }

    /// Makes a node answer or not.
    pub fn set_node(&self, node: &str, state: NodeState) {
        self.inner.set_node(node, state);
    }

    /// A peer nobody serves: unreachable in one way or the other, or not there.
    pub(crate) fn set_peer(&self, node: &str, reach: Option<Reach>) {
        let mut state = self.inner.cluster.state();
        match reach {
            Some(reach) => state.nodes.insert(node.to_owned(), Node { reach, fingerprint: String::new() }),
            None => state.nodes.remove(node),
        };
    }

    /// Makes a storage fail, or work again.
    pub fn set_storage_broken(&self, storage: &str, broken: bool) {
        self.inner.set_storage_broken(storage, broken);
    }

    /// Makes a server in the network (of a storage, a realm, a target …) answer or not; all do at first.
    pub fn set_server_silent(&self, server: &str, silent: bool) {
        self.inner.set_server_silent(server, silent);
    }

    /// Says what the directory behind a realm holds: users, and groups with their members.
    pub fn set_directory(&self, realm: &str, users: &[&str], groups: &[(&str, &[&str])]) {
        let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let groups = groups.iter().map(|(name, members)| ((*name).to_owned(), names(members))).collect();
        let directory = Directory { users: names(users), groups };
        self.inner.cluster.state().directories.insert(realm.to_owned(), directory);
    }

    /// A request as root@pam, past log and faults, to change things behind a provider's back: the `data` member, or
    /// the text of the refusal. `path` is without prefix and may have a query.
    ///
    /// # Errors
    /// The stand-in refuses.
    pub fn call(&self, method: &str, path: &str, params: &Value) -> Result<Value, String> {
        let empty = serde_json::Map::new();
        match self.inner.call(method, path, params.as_object().unwrap_or(&empty)) {
            Ok(answer) => Ok(answer.data),
            Err(refusal) => Err(refusal.exit_text()),
        }
    }

    /// All configuration objects as they are stored, secrets included, by family (`sdn_zone`, `realm`, `backup_job`,
    /// `gotify`, …) and id.
    pub fn config(&self) -> Value {
        self.inner.config()
    }

    /// All firewalls as they are stored: options, rules, aliases, ipsets, groups, by `cluster`, `node/NAME`,
    /// `guest/VMID`, `vnet/NAME`.
    pub fn firewalls(&self) -> Value {
        self.inner.firewalls()
    }

    /// Moves the cluster's clock, in seconds against the host's.
    pub fn set_clock_offset(&self, seconds: i64) {
        self.inner.cluster.set_clock_offset(seconds);
    }

    /// Creates a user with a token of the same rights and answers `user!id=secret`.
    pub fn add_token(&self, user: &str, id: &str) -> String {
        self.inner.add_token(user, id)
    }

    /// Grants a role on a path to `user@realm` or `user@realm!token`.
    pub fn grant(&self, path: &str, subject: &str, role: &str) {
        self.inner.grant(path, subject, role);
    }

    /// Takes every role of a subject on a path away, at once.
    pub fn revoke(&self, path: &str, subject: &str) {
        self.inner.revoke(path, subject);
    }

    /// Holds a guest's configuration lock, as a long operation of somebody else would.
    ///
    /// # Errors
    /// Somebody holds it already.
    pub fn hold_config_lock(&self, vmid: u32) -> Result<Held, LabError> {
        let guest = self.inner.cluster.state().guests.get(&vmid).map(|g| g.kind);
        let name = guest.unwrap_or_default().lock_file(vmid);
        let guard = self.inner.cluster.locks.acquire(&name, Mode::Exclusive, Duration::from_millis(100));
        guard.map(Held).map_err(|error| LabError::Io {
            what: format!("the configuration of {vmid} is locked"),
            source: std::io::Error::other(error),
        })
    }

    /// Everything inside, as JSON.
    pub fn state(&self) -> Value {
        self.inner.state()
    }

    /// Real path of a volume, where it exists.
    pub fn volume_path(&self, node: &str, volid: &str) -> Option<PathBuf> {
        self.inner.cluster.locate(node, volid).ok().map(|l| l.real).filter(|p| p.exists())
    }

    /// Real path a volume has or would have.
    pub fn volume_place(&self, node: &str, volid: &str) -> Option<PathBuf> {
        self.inner.cluster.locate(node, volid).ok().map(|l| l.real)
    }

    /// The guests where they are real.
    pub fn real(&self) -> Option<&RealGuests> {
        self.inner.cluster.real.get().map(|real| &real.guests)
    }

    /// Waits until the control endpoint is told to stop.
    pub async fn stopped(&self) {
        self.inner.stop.notified().await;
    }

    /// Ends all servers; hanging tasks are let go.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.inner.cluster.faults.clear();
        for server in &self.servers {
            server.abort();
        }
        // Requests under way may hold the cluster for a while longer; guests must not outlive the laboratory.
        if let Some(real) = self.real() {
            real.clear();
        }
    }
}
