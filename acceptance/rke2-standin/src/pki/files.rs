//! The files below `server/tls`: authorities once, leaves at every start when they are due.

use std::path::Path;

use anyhow::Context as _;
use time::OffsetDateTime;

use super::{Authority, Leaf, inspect, private_key};
use crate::distribution::{Distribution, Layout};
use crate::files::write_private;

/// Leaves are renewed at a start when fewer days than this are left (k3s PR#11965; 90 before May 2025).
const RENEW_DAYS: i64 = 120;

/// Who signs a leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    Server,
    Client,
    EtcdServer,
    EtcdPeer,
}

impl By {
    fn file(self) -> &'static str {
        match self {
            Self::Server => "server-ca",
            Self::Client => "client-ca",
            Self::EtcdServer => "etcd/server-ca",
            Self::EtcdPeer => "etcd/peer-ca",
        }
    }
}

/// One leaf on disk.
pub(crate) struct LeafFile {
    /// Below `server/tls`, without the ending.
    pub(crate) file: &'static str,
    /// The service in `certificate check` and `certificate rotate`.
    pub(crate) service: &'static str,
    by: By,
    name: &'static str,
    organizations: &'static [&'static str],
    serves: bool,
    asks: bool,
}

/// Every leaf of a server (k3s pkg/daemons/control/deps/deps.go).
pub(crate) const LEAVES: &[LeafFile] = &[
    leaf("client-admin", "admin", By::Client, "system:admin", &["system:masters"], false),
    leaf("client-supervisor", "supervisor", By::Client, "system:supervisor", &["system:masters"], false),
    leaf("client-controller", "controller-manager", By::Client, "system:kube-controller-manager", &[], false),
    leaf("client-scheduler", "scheduler", By::Client, "system:kube-scheduler", &[], false),
    leaf("client-kube-apiserver", "api-server", By::Client, "system:apiserver", &["system:masters"], false),
    leaf("serving-kube-apiserver", "api-server", By::Server, "kube-apiserver", &[], true),
    leaf("etcd/client", "etcd", By::EtcdServer, "etcd-client", &[], false),
    leaf("etcd/server-client", "etcd", By::EtcdServer, "etcd-server", &[], true),
    leaf("etcd/peer-server-client", "etcd", By::EtcdPeer, "etcd-peer", &[], true),
];

const fn leaf(
    file: &'static str,
    service: &'static str,
    by: By,
    name: &'static str,
    organizations: &'static [&'static str],
    serves: bool,
) -> LeafFile {
    // etcd's gateway asks its own server with the server's certificate, so that one must be good for both.
    LeafFile { file, service, by, name, organizations, serves, asks: !matches!(by, By::Server) }
}

/// The authorities and keys of a new cluster; what is there stays (custom authorities).
pub(crate) fn make_authorities(layout: &Layout) -> anyhow::Result<()> {
    let name = layout.distribution.name();
    let authorities = [
        ("server-ca", format!("{name}-server-ca")),
        ("client-ca", format!("{name}-client-ca")),
        ("request-header-ca", format!("{name}-request-header-ca")),
        ("etcd/server-ca", "etcd-server-ca".to_owned()),
        ("etcd/peer-ca", "etcd-peer-ca".to_owned()),
    ];
    for (file, name) in authorities {
        if !layout.tls(format!("{file}.crt")).exists() {
            let authority = Authority::generate(&name)?;
            write_private(&layout.tls(format!("{file}.crt")), &authority.certificate)?;
            write_private(&layout.tls(format!("{file}.key")), &authority.key)?;
        }
    }
    if !layout.tls("service.key").exists() {
        write_private(&layout.tls("service.key"), &private_key()?)?;
    }
    Ok(())
}

/// Makes the leaves that are missing, due, from another authority, or do not name what they have to.
pub(crate) fn make_leaves(
    layout: &Layout,
    alternatives: &[String],
    expired: bool,
    days: Option<i64>,
) -> anyhow::Result<()> {
    let made_for = alternatives.join("\n");
    let names_file = layout.tls("standin-alternatives");
    let same_names = std::fs::read_to_string(&names_file).is_ok_and(|known| known == made_for);
    for leaf in LEAVES {
        let certificate = layout.tls(format!("{}.crt", leaf.file));
        let authority = authority(layout, leaf.by)?;
        let fresh = is_fresh(&certificate, &authority) && (same_names || !leaf.serves);
        if fresh && !expired {
            continue;
        }
        let wanted = Leaf {
            name: leaf.name.to_owned(),
            organizations: leaf.organizations.iter().map(|name| (*name).to_owned()).collect(),
            alternatives: if leaf.serves { alternatives.to_vec() } else { Vec::new() },
            server: leaf.serves,
            client: leaf.asks,
            // etcd with a certificate that ran out would be another fault than the one that is meant.
            expired: expired && leaf.service != "etcd",
            days,
        };
        let pair = authority.issue(&wanted)?;
        write_private(&certificate, &pair.certificate)?;
        write_private(&layout.tls(format!("{}.key", leaf.file)), &pair.key)?;
    }
    write_private(&names_file, &made_for)
}

fn authority(layout: &Layout, by: By) -> anyhow::Result<Authority> {
    let read = |ending: &str| {
        let path = layout.tls(format!("{}.{ending}", by.file()));
        std::fs::read_to_string(&path).with_context(|| format!("open {}", path.display()))
    };
    Ok(Authority { certificate: read("crt")?, key: read("key")? })
}

fn is_fresh(certificate: &Path, authority: &Authority) -> bool {
    let Ok(pem) = std::fs::read_to_string(certificate) else { return false };
    let left = inspect(&pem).ok().and_then(|chain| chain.first().map(|leaf| leaf.not_after));
    let limit = OffsetDateTime::now_utc().unix_timestamp() + RENEW_DAYS * 86_400;
    pem.ends_with(&authority.certificate) && left.is_some_and(|until| until > limit)
}

impl Layout {
    /// An authority of this machine: `server-ca`, `client-ca`.
    pub(crate) fn authority(&self, name: &str) -> anyhow::Result<Authority> {
        let pair = self.pair(name)?;
        Ok(Authority { certificate: pair.certificate, key: pair.key })
    }

    /// A certificate and its key below `server/tls`.
    pub(crate) fn pair(&self, name: &str) -> anyhow::Result<super::Pair> {
        let read = |ending: &str| {
            let path = self.tls(format!("{name}.{ending}"));
            std::fs::read_to_string(&path).with_context(|| format!("open {}", path.display()))
        };
        Ok(super::Pair { certificate: read("crt")?, key: read("key")? })
    }

    /// What K3s and RKE2 call the product in messages.
    pub(crate) fn product(&self) -> &'static str {
        match self.distribution {
            Distribution::Rke2 => "rke2",
            Distribution::K3s => "k3s",
        }
    }
}
