//! The parts of a cluster's specification.

use std::collections::{BTreeMap, BTreeSet};

use tf_framework::{GoDuration, Model};

/// Where images come from. Passwords are given to the nodes, by `registry_passwords`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Model)]
pub struct Registries {
    /// Mirrors by the name of the registry they stand for; `*` for all.
    pub mirrors: Option<BTreeMap<String, RegistryMirror>>,
    /// How registries are spoken to, by their name.
    pub configs: Option<BTreeMap<String, RegistryConfig>>,
}

/// Mirrors of a registry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Model)]
pub struct RegistryMirror {
    /// Their URLs, asked in this order.
    #[attr(validate(each(matches(r"^https?://[^@\s]+$", "a URL without user and password"))))]
    pub endpoint: Vec<String>,
    /// How names of images are rewritten: replacements by pattern.
    pub rewrite: Option<BTreeMap<String, String>>,
}

/// How a registry is spoken to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Model)]
pub struct RegistryConfig {
    /// User to log in as. The password is an entry of the nodes' `registry_passwords`.
    pub username: Option<String>,
    /// Path on the nodes of the authority of its certificate.
    pub ca_file: Option<String>,
    /// Path on the nodes of the certificate to log in with.
    pub cert_file: Option<String>,
    /// Path on the nodes of the key of that certificate.
    pub key_file: Option<String>,
    /// Whether any certificate is taken, which hands the images to whoever answers.
    pub insecure_skip_verify: Option<bool>,
}

/// The proxy of the nodes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Model)]
pub struct Proxy {
    /// URL of the proxy for `http`. Everybody may read it: it must hold no password.
    #[attr(validate(matches(r"^(https?|socks5)://[^@\s]+$", "a URL without user and password")))]
    pub http: Option<String>,
    /// URL of the proxy for `https`. Everybody may read it: it must hold no password.
    #[attr(validate(matches(r"^(https?|socks5)://[^@\s]+$", "a URL without user and password")))]
    pub https: Option<String>,
    /// What is reached without it. The networks of the cluster, its domain, the registration address, the `host` of each
    /// server and the node's own addresses are always among them.
    pub no_proxy: Option<Vec<String>>,
}

/// A drop-in of systemd for the service of all nodes. It stands beside what the distribution's own unit says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Model)]
pub struct Systemd {
    /// Units after which the service starts, such as `var-lib-rancher.mount`.
    #[attr(validate(each(matches(
        r"^[A-Za-z0-9:_.\\@-]+\.[a-z]+$",
        "the name of a unit such as `firewall.service`"
    ))))]
    pub after: Option<BTreeSet<String>>,
    /// Units that are started with the service. It runs without them, too.
    #[attr(validate(each(matches(
        r"^[A-Za-z0-9:_.\\@-]+\.[a-z]+$",
        "the name of a unit such as `firewall.service`"
    ))))]
    pub wants: Option<BTreeSet<String>>,
    /// Units without which the service does not run.
    #[attr(validate(each(matches(
        r"^[A-Za-z0-9:_.\\@-]+\.[a-z]+$",
        "the name of a unit such as `firewall.service`"
    ))))]
    pub requires: Option<BTreeSet<String>>,
    /// Directories whose mounts must be there before the service starts, such as `/var/lib/rancher`.
    #[attr(validate(each(matches(r"^/[^\s%]*$", "an absolute path without spaces"))))]
    pub requires_mounts_for: Option<BTreeSet<String>>,
    /// Files on the nodes with more variables of the service, for values that must not stand in the state. Later files
    /// overrule earlier ones and `environment`; one that is not there says nothing.
    #[attr(validate(each(matches(r"^/[^\s%]*$", "an absolute path without spaces"))))]
    pub environment_files: Option<Vec<String>>,
    /// Limits of the service and of everything it starts.
    pub limits: Option<ServiceLimits>,
}

/// Limits of a service: a number, or `infinity`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Model)]
pub struct ServiceLimits {
    /// Open files of one process. 1048576 unless set.
    #[attr(validate(matches("^([0-9]+|infinity)$", "a number or `infinity`")))]
    pub open_files: Option<String>,
    /// Processes of the user. No limit unless set.
    #[attr(validate(matches("^([0-9]+|infinity)$", "a number or `infinity`")))]
    pub processes: Option<String>,
    /// Memory that one process may lock, in bytes. That of systemd unless set.
    #[attr(validate(matches("^([0-9]+|infinity)$", "a number of bytes or `infinity`")))]
    pub locked_memory: Option<String>,
    /// Size of a core file, in bytes. No limit unless set.
    #[attr(validate(matches("^([0-9]+|infinity)$", "a number of bytes or `infinity`")))]
    pub core: Option<String>,
    /// Tasks of the service and everything it starts. No limit unless set.
    #[attr(validate(matches("^([0-9]+|infinity)$", "a number or `infinity`")))]
    pub tasks: Option<String>,
}

/// Where the programs and images come from. They are fetched by the machine on which Terraform runs, once, verified, and
/// sent to each node.
#[derive(Debug, Clone, Default, PartialEq, Eq, Model)]
pub struct Artefacts {
    /// URL or directory. Below it stands a directory for each version (`+` as `%2B` in a URL), and in it the files
    /// as upstream names them. Upstream's releases unless set.
    #[attr(validate(length(1..)))]
    pub source: Option<String>,
    /// SHA-256 of files by their names, in hexadecimal. The source's own list unless set, as it is when it is first
    /// planned: pinned in the state from then on.
    #[attr(validate(each(matches("^[0-9a-f]{64}$", "64 lower-case hexadecimal digits"))))]
    pub sha256: Option<BTreeMap<String, String>>,
    /// Sets of images that are sent to nodes that cannot reach a registry: `core`, `canal`, `cilium`, `calico`,
    /// `flannel`, `multus`, `ingress-nginx`, `vsphere`, or `all` for the one that holds what is usual. K3s has `all` only.
    pub images: Option<BTreeSet<String>>,
    /// Authority of the certificate of `source`, PEM. Those of the system unless set.
    pub ca_certificate: Option<String>,
}

/// Snapshots of the database that servers take by themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq, Model)]
pub struct EtcdSnapshots {
    /// When, as cron writes it. `0 */12 * * *` unless set.
    #[attr(validate(length(1..)))]
    pub schedule: Option<String>,
    /// How many each server keeps. 5 unless set.
    #[attr(validate(range(1..=1000)))]
    pub retention: Option<u32>,
    /// Directory on the servers.
    #[attr(validate(matches("^/.+$", "an absolute path")))]
    pub directory: Option<String>,
    /// Whether they are compressed.
    pub compress: Option<bool>,
    /// The object store to which they are copied.
    pub s3: Option<SnapshotS3>,
}

/// An S3 bucket for snapshots. The keys come from the provider's `object_storage` section, and reach the cluster as a
/// Secret: they stand in no file and no state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Model)]
pub struct SnapshotS3 {
    /// Name of the bucket.
    #[attr(validate(length(3..=63)))]
    pub bucket: String,
    /// Folder in it. The whole bucket unless set.
    pub folder: Option<String>,
    /// Host and port, or URL. AWS's unless set.
    pub endpoint: Option<String>,
    /// Region. `us-east-1` unless set.
    pub region: Option<String>,
    /// How many are kept there, over all servers. As `retention` unless set.
    #[attr(validate(range(1..=10000)))]
    pub retention: Option<u32>,
    /// Authority of the endpoint's certificate, PEM.
    pub ca_certificate: Option<String>,
    /// Whether any certificate is taken, which hands the snapshots to whoever answers.
    pub skip_ssl_verify: Option<bool>,
    /// Whether it is spoken to without TLS, for a laboratory.
    pub insecure: Option<bool>,
}

/// How nodes are changed while the cluster works.
#[derive(Debug, Clone, Default, PartialEq, Eq, Model)]
pub struct Upgrade {
    /// Whether pods are moved away before a node is stopped for another version. `true` unless set.
    pub drain: Option<bool>,
    /// How long that may take. `10m` unless set.
    pub drain_timeout: Option<GoDuration>,
    /// How many agents are changed at the same time. 5 unless set.
    #[attr(validate(range(1..=50)))]
    pub agents_at_once: Option<u32>,
    /// Whether a snapshot is taken before servers are changed or leave. `true` unless set.
    pub snapshot: Option<bool>,
}

/// What is looked at before a machine becomes a node.
#[derive(Debug, Clone, Default, PartialEq, Eq, Model)]
pub struct Preflight {
    /// Findings that are accepted, by their codes as the messages name them, such as `kernel-modules`.
    pub accept: Option<BTreeSet<String>>,
    /// How long a write to the disk of the database may take on average until it is on the disk, measured on a server
    /// before it joins. `10ms` unless set.
    pub fsync_limit: Option<GoDuration>,
}
