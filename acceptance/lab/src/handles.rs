//! What the library and the control endpoint share: reaching into a running laboratory.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use tokio::sync::Notify;

use crate::journal::Journal;
use crate::lab::NodeState;
use crate::netbox::server::NetBox;
use crate::pve::access::{AclEntry, Principal, Token, User};
use crate::pve::call::Params;
use crate::pve::cluster::{Cluster, Reach};
use crate::pve::config::family::Family;
use crate::pve::config::{engine, families};
use crate::pve::dispatch;
use crate::pve::guest::random_uuid;
use crate::pve::http::{self, Endpoint};
use crate::pve::reply::Outcome;
use crate::pve::storage::Storage;

/// A running laboratory, without its servers.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) cluster: Arc<Cluster>,
    pub(crate) dir: PathBuf,
    pub(crate) endpoints: Vec<Endpoint>,
    pub(crate) artefacts: SocketAddr,
    pub(crate) artefact_journal: Arc<Journal>,
    pub(crate) control: SocketAddr,
    pub(crate) ca: String,
    pub(crate) token: String,
    pub(crate) root_password: String,
    pub(crate) netbox: Option<Arc<NetBox>>,
    pub(crate) stop: Notify,
}

impl Inner {
    pub(crate) fn environment(&self) -> BTreeMap<String, String> {
        let urls: Vec<String> = self.endpoints.iter().map(Endpoint::url).collect();
        let first = urls.first().cloned().unwrap_or_default();
        let path = |name: &str| self.dir.join(name).display().to_string();
        [
            ("PROXMOX_VE_ENDPOINT", first),
            ("PROXMOX_VE_ENDPOINTS", urls.join(",")),
            ("PROXMOX_VE_API_TOKEN", self.token.clone()),
            ("PROXMOX_VE_CA_CERTIFICATE", self.ca.clone()),
            ("HYBRIDOPS_LAB_DIR", self.dir.display().to_string()),
            ("HYBRIDOPS_LAB_CA_FILE", path("ca.pem")),
            ("HYBRIDOPS_LAB_ROOT_PASSWORD", self.root_password.clone()),
            ("HYBRIDOPS_LAB_ARTEFACTS", format!("http://{}", self.artefacts)),
            ("HYBRIDOPS_LAB_CONTROL", format!("http://{}/_lab", self.control)),
            (
                "HYBRIDOPS_LAB_NODES",
                self.endpoints.iter().map(|e| e.node.as_str()).collect::<Vec<_>>().join(","),
            ),
        ]
        .into_iter()
        .chain(self.netbox.iter().flat_map(|netbox| {
            [("NETBOX_SERVER_URL", netbox.url().to_owned()), ("NETBOX_API_TOKEN", netbox.token().to_owned())]
        }))
        .map(|(k, v)| (k.to_owned(), v))
        .collect()
    }

    pub(crate) fn set_node(&self, node: &str, state: NodeState) {
        let reach = match state {
            NodeState::Online => Reach::Online,
            NodeState::Offline => Reach::Offline,
            NodeState::Silent => Reach::Silent,
        };
        if let Some(found) = self.cluster.state().nodes.get_mut(node) {
            found.reach = reach;
        }
    }

    pub(crate) fn set_storage_broken(&self, storage: &str, broken: bool) {
        if let Some(found) = self.cluster.state().storages.get_mut(storage) {
            found.broken = broken;
        }
    }

    /// Makes a server in the network answer or not.
    pub(crate) fn set_server_silent(&self, server: &str, silent: bool) {
        let mut state = self.cluster.state();
        match silent {
            true => state.silent_servers.insert(server.to_owned()),
            false => state.silent_servers.remove(server),
        };
    }

    /// A request as root, past log and faults.
    pub(crate) fn call(&self, method: &str, path: &str, params: &Map<String, Value>) -> Outcome {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let mut given = Params::default();
        for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
            given.push(key.into_owned(), value.into_owned());
        }
        given.push_json(params);
        let request = dispatch::Request {
            method: method.to_owned(),
            segments: http::segments(path),
            params: given,
            upload: None,
            principal: Some(Principal { user: "root@pam".to_owned(), ..Principal::default() }),
            via: self.endpoints.first().map(|e| e.node.clone()).unwrap_or_default(),
        };
        dispatch::handle(&self.cluster, request)
    }

    /// All configuration objects as they are stored, secrets included, by family and id.
    pub(crate) fn config(&self) -> Value {
        let state = self.cluster.state();
        let release = self.cluster.config.release;
        let objects = |family: &Family| engine::inside(family, release, &state);
        let all: BTreeMap<&str, Value> = families::all().map(|f| (f.name, objects(f))).collect();
        json!(all)
    }

    /// All firewalls as they are stored, by `cluster`, `node/NAME`, `guest/VMID`, `vnet/NAME`.
    pub(crate) fn firewalls(&self) -> Value {
        let state = self.cluster.state();
        let all: BTreeMap<String, Value> =
            state.firewall.iter().map(|(scope, firewall)| (scope.to_string(), json!(firewall))).collect();
        json!(all)
    }

    pub(crate) fn add_token(&self, user: &str, id: &str) -> String {
        let secret = random_uuid();
        let token = Token { secret: secret.clone(), privsep: false, expire: 0, comment: String::new() };
        let mut state = self.cluster.state();
        let entry = state.access.users.entry(user.to_owned());
        entry.or_insert_with(|| User { enable: true, ..User::default() }).tokens.insert(id.to_owned(), token);
        format!("{user}!{id}={secret}")
    }

    pub(crate) fn grant(&self, path: &str, subject: &str, role: &str) {
        let kind = if subject.contains('!') { "token" } else { "user" };
        self.cluster.state().access.acl.push(AclEntry {
            path: path.to_owned(),
            kind: kind.to_owned(),
            subject: subject.to_owned(),
            role: role.to_owned(),
            propagate: true,
        });
    }

    pub(crate) fn revoke(&self, path: &str, subject: &str) {
        self.cluster.state().access.acl.retain(|e| e.path != path || e.subject != subject);
    }

    pub(crate) fn state(&self) -> Value {
        let state = self.cluster.state();
        let guests: BTreeMap<String, Value> = state
            .guests
            .iter()
            .map(|(id, g)| {
                let mut config = g.config.clone();
                if let Some(secret) = config.get_mut("cipassword") {
                    *secret = "**********".to_owned();
                }
                let item = json!({ "node": g.node, "config": config, "running": g.run.is_some(),
                                   "template": g.is_template(), "digest": g.digest(),
                                   "pending": g.pending.keys().collect::<Vec<_>>() });
                (id.to_string(), item)
            })
            .collect();
        let tasks: Vec<Value> = state
            .tasks
            .iter()
            .map(|t| {
                let end = t.ended();
                json!({ "upid": t.upid, "running": end.is_none(), "exitstatus": end.map(|e| e.text) })
            })
            .collect();
        let nodes: BTreeMap<&String, String> =
            state.nodes.iter().map(|(n, node)| (n, format!("{:?}", node.reach).to_lowercase())).collect();
        let pairs: Vec<(String, Storage)> = state
            .nodes
            .keys()
            .flat_map(|n| state.storages.values().map(move |s| (n.clone(), s.clone())))
            .collect();
        let mut answer = json!({ "release": self.cluster.personality().version, "nodes": nodes, "guests": guests,
                                 "tasks": tasks, "pools": state.pools.keys().collect::<Vec<_>>() });
        drop(state);
        let mut volumes = BTreeMap::new();
        for (node, storage) in pairs {
            let found = crate::pve::storage::list(&self.cluster, &node, &storage);
            volumes.insert(
                format!("{node}/{}", storage.id),
                found.iter().map(|e| e.volid.clone()).collect::<Vec<_>>(),
            );
        }
        answer["volumes"] = json!(volumes);
        answer
    }
}
