//! What is in a snapshot: the keys of etcd as they were last written.

use std::collections::{BTreeMap, HashMap};

use super::bolt::Bolt;
use super::bootstrap::{PREFIX, Sealed, TokenHash};
use super::error::FileError;
use super::objects;
use super::protobuf::{Field, Fields};
use super::read_at::ReadAt;

/// Bytes of a revision: the number of the transaction, `_`, the number within it; `t` after it where the key was deleted.
const REVISION: usize = 17;
/// Bytes of a key that make sense.
const KEY: usize = 4096;
const REGISTRY: &[u8] = b"/registry/";
const NODES: &[u8] = b"/registry/minions/";
/// The namespace whose uid is the id of the cluster.
const SYSTEM: &[u8] = b"/registry/namespaces/kube-system";

/// What is in a snapshot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contents {
    /// The last transaction.
    pub revision: u64,
    /// Keys that are there.
    pub keys: u64,
    /// What is sealed with the server token, by the hash of the token.
    pub sealed: BTreeMap<TokenHash, Sealed>,
    /// Id of the cluster: the uid of the namespace kube-system.
    pub cluster_id: Option<String>,
    /// Its nodes, by name.
    pub nodes: BTreeMap<String, Member>,
    /// How many objects of each kind there are: `pods`, `apps.example.com/widgets`.
    pub kinds: BTreeMap<String, u64>,
}

/// A node as the snapshot knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Version of its kubelet.
    pub version: Option<String>,
    /// Whether it is a server.
    pub server: bool,
}

impl Contents {
    /// Reads a database.
    pub(super) fn read(file: &dyn ReadAt) -> Result<Self, FileError> {
        let bolt = Bolt::open(file)?;
        let bucket = bolt.bucket(b"key")?.ok_or(FileError::NotEtcd("it has no bucket `key`"))?;
        if bolt.bucket(b"meta")?.is_none() {
            return Err(FileError::NotEtcd("it has no bucket `meta`"));
        }
        let mut latest = Latest::default();
        bolt.each(&bucket, &mut |revision, value, _| {
            latest.see(revision, value);
            Ok(())
        })?;
        Ok(latest.contents())
    }

    /// The highest version of Kubernetes among its servers, or among its nodes where none is known as a server.
    pub fn version(&self) -> Option<&str> {
        let any_server = self.nodes.values().any(|node| node.server);
        let of = self.nodes.values().filter(|node| node.server || !any_server);
        of.filter_map(|node| node.version.as_deref()).max_by_key(|version| numbers(version))
    }
}

/// The numbers of a version, to compare.
fn numbers(version: &str) -> Vec<u64> {
    version.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok()).collect()
}

/// The last write of every key.
#[derive(Default)]
struct Latest {
    revision: u64,
    /// Keys, and what stands there where it is looked into; nothing where the key was deleted.
    keys: HashMap<Vec<u8>, Option<Vec<u8>>>,
}

impl Latest {
    /// Sees a write. They come in the order in which they were made.
    fn see(&mut self, revision: &[u8], value: &[u8]) {
        let Some((main, _)) = revision.split_at_checked(8).filter(|_| revision.len() >= REVISION) else {
            return;
        };
        self.revision = self.revision.max(main.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)));
        let (mut key, mut content) = (&[][..], &[][..]);
        for field in Fields(value) {
            match field {
                Field::Bytes(1, bytes) => key = bytes,
                Field::Bytes(5, bytes) => content = bytes,
                _ => {}
            }
        }
        if key.is_empty() || key.len() > KEY {
            return;
        }
        if revision.get(REVISION) == Some(&b't') {
            self.keys.remove(key);
            return;
        }
        let looked_into = key.starts_with(PREFIX) || key.starts_with(NODES) || key == SYSTEM;
        self.keys.insert(key.to_vec(), looked_into.then(|| content.to_vec()));
    }

    fn contents(self) -> Contents {
        let mut contents =
            Contents { revision: self.revision, keys: self.keys.len() as u64, ..Contents::default() };
        for (key, value) in self.keys {
            if let Some(kind) = kind(&key) {
                *contents.kinds.entry(kind).or_default() += 1;
            }
            let Some(value) = value else { continue };
            if key == SYSTEM {
                contents.cluster_id = objects::uid(&value);
            } else if let Some(hash) = key.strip_prefix(PREFIX) {
                if let Some(hash) = std::str::from_utf8(hash).ok().and_then(|hash| hash.parse().ok()) {
                    contents.sealed.insert(hash, Sealed::new(value));
                }
            } else if let Some(Ok(name)) = key.strip_prefix(NODES).map(std::str::from_utf8) {
                let (version, server) = objects::node(&value).unwrap_or_default();
                contents.nodes.insert(name.to_owned(), Member { version, server });
            }
        }
        contents
    }
}

/// The kind of the object at a key. Resources of an API group of their own stand below the group, services one level
/// deeper.
fn kind(key: &[u8]) -> Option<String> {
    let path = std::str::from_utf8(key.strip_prefix(REGISTRY)?).ok()?;
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    let first = parts.next()?;
    let second = parts.next();
    let deeper = first.contains('.') || first == "services";
    match second {
        Some(second) if deeper => Some(format!("{first}/{second}")),
        Some(_) => Some(if first == "minions" { "nodes" } else { first }.to_owned()),
        // Places where the API server keeps numbers for itself.
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_by_keys() {
        let told = |key: &str| kind(key.as_bytes());
        assert_eq!(told("/registry/pods/default/a").as_deref(), Some("pods"));
        assert_eq!(told("/registry/minions/a").as_deref(), Some("nodes"));
        assert_eq!(told("/registry/services/specs/default/a").as_deref(), Some("services/specs"));
        assert_eq!(
            told("/registry/k3s.cattle.io/addons/kube-system/a").as_deref(),
            Some("k3s.cattle.io/addons")
        );
        assert_eq!(told("/registry/health"), None);
        assert_eq!(told("/bootstrap/0123"), None);
    }

    #[test]
    fn the_last_write_counts() {
        let mut latest = Latest::default();
        let revision = |number: u8, deleted: bool| {
            let end: &[u8] = if deleted { b"t" } else { b"" };
            [&[0, 0, 0, 0, 0, 0, 0, number][..], b"_", &[0; 8], end].concat()
        };
        let put = |key: &str| [&[0x0a, u8::try_from(key.len()).unwrap()][..], key.as_bytes()].concat();
        latest.see(&revision(1, false), &put("/registry/pods/d/a"));
        latest.see(&revision(2, false), &put("/registry/pods/d/b"));
        latest.see(&revision(3, false), &put("/registry/pods/d/a"));
        latest.see(&revision(4, true), &put("/registry/pods/d/b"));
        latest.see(b"short", b"");
        let contents = latest.contents();
        assert_eq!((contents.revision, contents.keys), (4, 1));
        assert_eq!(contents.kinds, BTreeMap::from([("pods".to_owned(), 1)]));
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        let member = |version: &str, server| Member { version: Some(version.into()), server };
        let mut contents = Contents::default();
        contents.nodes.insert("a".into(), member("v1.9.4+rke2r1", false));
        contents.nodes.insert("b".into(), member("v1.33.4+rke2r1", false));
        assert_eq!(contents.version(), Some("v1.33.4+rke2r1"));
        contents.nodes.insert("c".into(), member("v1.32.4+rke2r1", true));
        assert_eq!(contents.version(), Some("v1.32.4+rke2r1"));
    }
}
