//! Our file of a node's configuration.

use std::fmt::Write as _;

use serde_json::{Map, Value as Json, json};
use sha2::{Digest as _, Sha256};

use crate::distribution::Distribution;
use crate::resources::Role;
use crate::spec::check::keys_of;
use crate::spec::{ClusterConfig, ClusterSpec, EtcdSnapshots};

/// What a node's file says but for whom it joins and with what.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Wanted {
    pub(crate) keys: Map<String, Json>,
}

/// What a node is asked to be, for its configuration.
pub(crate) struct NodeConfig<'a> {
    pub(crate) name: &'a str,
    pub(crate) role: Role,
    pub(crate) node_ip: Option<&'a str>,
    pub(crate) node_external_ip: Option<&'a str>,
    pub(crate) labels: Vec<String>,
    pub(crate) taints: Vec<String>,
    pub(crate) extra: Option<&'a str>,
}

/// A key of `extra` or `extra_config` that belongs to an attribute.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadKey {
    #[error("{0}")]
    NoYaml(String),
    #[error("`{0}` belongs to an attribute of its own, or to the provider: leave it out here")]
    Owned(String),
    #[error("`{key}` is no key of {}", of.title())]
    Other { key: String, of: Distribution },
}

/// The keys of `extra` or `extra_config`.
pub(crate) fn extra(distribution: Distribution, text: Option<&str>) -> Result<Map<String, Json>, BadKey> {
    let keys = keys_of(text.unwrap_or_default()).map_err(BadKey::NoYaml)?;
    let bad = bad_keys(distribution, &keys).next();
    bad.map_or(Ok(keys), Err)
}

/// All keys of `extra` or `extra_config` that cannot be set there.
pub(crate) fn refused(distribution: Distribution, text: Option<&str>) -> Vec<BadKey> {
    match keys_of(text.unwrap_or_default()) {
        Ok(keys) => bad_keys(distribution, &keys).collect(),
        Err(why) => vec![BadKey::NoYaml(why)],
    }
}

fn bad_keys(distribution: Distribution, keys: &Map<String, Json>) -> impl Iterator<Item = BadKey> {
    keys.keys().filter_map(move |key| {
        let bare = key.trim_end_matches('+');
        if distribution.is_of_the_other(bare) {
            Some(BadKey::Other { key: key.clone(), of: distribution })
        } else {
            distribution.owns_key(bare).then(|| BadKey::Owned(key.clone()))
        }
    })
}

/// What a node's file is to say but for `server` and `token`.
///
/// # Errors
/// A key that is not for the user to set.
pub(crate) fn wanted(spec: &ClusterSpec, node: &NodeConfig<'_>) -> Result<Wanted, BadKey> {
    let distribution = spec.distribution();
    let mut keys = Map::new();
    if node.role == Role::Server {
        shared(spec, &spec.config(), &mut keys);
        if let Some(snapshots) = &spec.etcd_snapshots {
            self::snapshots(snapshots, &mut keys);
        }
    } else {
        let config = spec.config();
        put(&mut keys, "system-default-registry", &config.system_default_registry);
        put(&mut keys, "profile", &config.profile);
    }
    keys.insert("node-name".to_owned(), json!(node.name));
    put(&mut keys, "node-ip", &node.node_ip);
    put(&mut keys, "node-external-ip", &node.node_external_ip);
    if !node.labels.is_empty() {
        keys.insert("node-label".to_owned(), json!(node.labels));
    }
    if !node.taints.is_empty() {
        keys.insert("node-taint".to_owned(), json!(node.taints));
    }
    let config = spec.config();
    let mut common = extra(distribution, config.extra.as_deref())?;
    if node.role == Role::Agent {
        // An agent does not start with a key that only servers have.
        common.retain(|key, _| AGENT_KEYS.contains(&key.trim_end_matches('+')));
    }
    let own = extra(distribution, node.extra)?;
    for (key, value) in common.into_iter().chain(own) {
        // Lists of the node add to those of the cluster.
        match (keys.get_mut(&key), value) {
            (Some(Json::Array(there)), Json::Array(more)) => there.extend(more),
            (_, value) => drop(keys.insert(key, value)),
        }
    }
    Ok(Wanted { keys })
}

/// Keys of `extra` that agents have as well: those of the kubelet, of kube-proxy, of images and of the log.
const AGENT_KEYS: [&str; 24] = [
    "kubelet-arg",
    "kube-proxy-arg",
    "protect-kernel-defaults",
    "selinux",
    "resolv-conf",
    "private-registry",
    "disable-default-registry-endpoint",
    "airgap-extra-registry",
    "pause-image",
    "runtime-image",
    "kubelet-path",
    "container-runtime-endpoint",
    "default-runtime",
    "snapshotter",
    "image-credential-provider-bin-dir",
    "image-credential-provider-config",
    "cloud-provider-name",
    "cloud-provider-config",
    "bind-address",
    "debug",
    "log",
    "v",
    "flannel-iface",
    "lb-server-port",
];

fn put<T: serde::Serialize>(keys: &mut Map<String, Json>, key: &str, value: &Option<T>) {
    if let Some(value) = value {
        keys.insert(key.to_owned(), json!(value));
    }
}

/// What all servers have to have in common.
fn shared(spec: &ClusterSpec, config: &ClusterConfig, keys: &mut Map<String, Json>) {
    put(keys, "cluster-cidr", &config.cluster_cidr);
    put(keys, "service-cidr", &config.service_cidr);
    put(keys, "cluster-dns", &config.cluster_dns);
    put(keys, "cluster-domain", &config.cluster_domain);
    put(keys, "disable", &config.disable.as_ref().filter(|it| !it.is_empty()));
    put(keys, "disable-kube-proxy", &config.disable_kube_proxy);
    put(keys, "disable-cloud-controller", &config.disable_cloud_controller);
    put(keys, "egress-selector-mode", &config.egress_selector_mode);
    put(
        keys,
        "secrets-encryption",
        &config.secrets_encryption.filter(|_| spec.distribution() == Distribution::K3s),
    );
    put(keys, "secrets-encryption-provider", &config.secrets_encryption_provider);
    put(keys, "system-default-registry", &config.system_default_registry);
    put(keys, "write-kubeconfig-mode", &config.write_kubeconfig_mode);
    put(keys, "cni", &config.cni.as_ref().map(|cni| cni.split(',').collect::<Vec<_>>()));
    put(keys, "ingress-controller", &config.ingress_controller);
    put(keys, "profile", &config.profile);
    put(keys, "flannel-backend", &config.flannel_backend);
    put(keys, "disable-network-policy", &config.disable_network_policy);
    put(keys, "disable-helm-controller", &config.disable_helm_controller);
    let mut names: Vec<String> = config.tls_san.clone().unwrap_or_default().into_iter().collect();
    if let Some(address) = &spec.registration_address
        && !names.contains(address)
    {
        names.push(address.clone());
    }
    if !names.is_empty() {
        keys.insert("tls-san".to_owned(), json!(names));
    }
}

/// Name of the Secret with the place and the keys of snapshots in S3.
pub(crate) const S3_SECRET: &str = "hybridops-etcd-s3";

fn snapshots(snapshots: &EtcdSnapshots, keys: &mut Map<String, Json>) {
    put(keys, "etcd-snapshot-schedule-cron", &snapshots.schedule);
    put(keys, "etcd-snapshot-retention", &snapshots.retention);
    put(keys, "etcd-snapshot-dir", &snapshots.directory);
    put(keys, "etcd-snapshot-compress", &snapshots.compress);
    if snapshots.s3.is_some() {
        keys.insert("etcd-s3".to_owned(), json!(true));
        // Everything else of S3 stands in the Secret: one more key here, and the Secret is not read.
        keys.insert("etcd-s3-config-secret".to_owned(), json!(S3_SECRET));
    }
}

/// The file: keys in order, one a line, each value as JSON, which is YAML.
pub(crate) fn render(wanted: &Wanted, joins: &[(&str, String)]) -> String {
    let mut text = String::from(
        "# Written by Terraform (hybridops). What is changed here is set back by the next apply.\n",
    );
    let mut lines: Vec<(String, String)> =
        wanted.keys.iter().map(|(key, value)| (key.clone(), value.to_string())).collect();
    lines.extend(joins.iter().map(|(key, value)| ((*key).to_owned(), json!(value).to_string())));
    lines.sort();
    for (key, value) in lines {
        let _ = writeln!(text, "{key}: {value}");
    }
    text
}

/// What a node was started with, as a hash: a file that says something else takes a restart. Labels and taints are not
/// among it, they act once only and are looked after by the API.
pub(crate) fn fingerprint(keys: &Map<String, Json>, more: &[&str]) -> String {
    const ONCE: [&str; 6] = ["server", "token", "agent-token", "cluster-init", "node-label", "node-taint"];
    let mut hash = Sha256::new();
    for (key, value) in keys.iter().filter(|(key, _)| !ONCE.contains(&key.as_str())) {
        hash.update(format!("{key}: {value}\n"));
    }
    for text in more {
        hash.update(text.as_bytes());
        hash.update([0]);
    }
    hash.finalize().iter().take(16).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
#[path = "render_tests.rs"]
pub(crate) mod tests;
