//! Whether a snapshot is the one to restore: everything that would be found out too late, asked beforehand.

use std::collections::{BTreeMap, BTreeSet};

use transport_base::Secret;

use super::bootstrap::TokenHash;
use super::contents::Contents;

/// What a snapshot must be.
#[derive(Debug, Clone, Default)]
pub struct Expected {
    /// The token that the servers will start with.
    pub token: Option<Secret>,
    /// Id of the cluster that it must be of.
    pub cluster_id: Option<String>,
    /// Version that the servers run.
    pub version: Option<String>,
}

/// What a snapshot was found to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// Hash of the token that opens it.
    pub token_hash: Option<String>,
    /// Id of its cluster.
    pub cluster_id: Option<String>,
    /// Version of Kubernetes it was taken of.
    pub version: Option<String>,
    /// Names of the nodes it knows.
    pub nodes: BTreeSet<String>,
    /// The last transaction.
    pub revision: u64,
    /// Objects it holds.
    pub objects: u64,
    /// How many of each kind: `pods`, `apps.example.com/widgets`.
    pub kinds: BTreeMap<String, u64>,
    /// What could not be proven, as sentences.
    pub unproven: Vec<String>,
}

/// Why a snapshot must not be restored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Objection {
    /// The token is another.
    #[error(
        "the token does not open it: it was taken with the token whose hash is {} and the one given has the hash {given}. \
         Give the token of that time; it is needed for every snapshot taken with it",
        join(wanted)
    )]
    Token {
        /// Hashes of tokens that open it.
        wanted: BTreeSet<String>,
        /// The hash of the one given.
        given: String,
    },
    /// The token has the right hash and opens nothing.
    #[error(
        "the token has the right hash ({hash}), but what is sealed with it cannot be opened: the snapshot is damaged"
    )]
    Sealed {
        /// The hash.
        hash: String,
    },
    /// It holds nothing that a server could start with.
    #[error("it holds no certificates of a cluster (nothing under /bootstrap): no server can start from it")]
    NoBootstrap,
    /// It is another cluster's.
    #[error("it is a snapshot of another cluster: its id is {found}, and {wanted} was expected")]
    OtherCluster {
        /// The id it has.
        found: String,
        /// The id it should have.
        wanted: String,
    },
    /// It was taken of a newer version.
    #[error(
        "it was taken of Kubernetes {found}, which is newer than the {running} that would run it: upgrade first"
    )]
    Newer {
        /// Version it was taken of.
        found: String,
        /// Version of the servers.
        running: String,
    },
}

fn join(hashes: &BTreeSet<String>) -> String {
    hashes.iter().map(String::as_str).collect::<Vec<_>>().join(" or ")
}

impl Contents {
    /// Whether this is the snapshot that is expected: what it was found to be, or all that stands against it.
    ///
    /// # Errors
    /// Every [`Objection`].
    pub fn prove(&self, expected: &Expected) -> Result<Proof, Vec<Objection>> {
        let mut unproven = Vec::new();
        let objections: Vec<Objection> = [
            self.token_objection(expected.token.as_ref(), &mut unproven),
            self.cluster_objection(expected.cluster_id.as_deref(), &mut unproven),
            self.version_objection(expected.version.as_deref(), &mut unproven),
        ]
        .into_iter()
        .flatten()
        .collect();
        if !objections.is_empty() {
            return Err(objections);
        }
        let given = expected.token.as_ref().map(TokenHash::of);
        Ok(Proof {
            token_hash: given.or_else(|| self.sealed.keys().next().cloned()).map(|hash| hash.to_string()),
            cluster_id: self.cluster_id.clone(),
            version: self.version().map(str::to_owned),
            nodes: self.nodes.keys().cloned().collect(),
            revision: self.revision,
            objects: self.kinds.values().sum(),
            kinds: self.kinds.clone(),
            unproven,
        })
    }

    fn token_objection(&self, token: Option<&Secret>, unproven: &mut Vec<String>) -> Option<Objection> {
        if self.sealed.is_empty() {
            return Some(Objection::NoBootstrap);
        }
        let Some(token) = token else {
            unproven.push("no token was given to try it with".to_owned());
            return None;
        };
        let hash = TokenHash::of(token);
        match self.sealed.get(&hash) {
            Some(sealed) => (!sealed.opens(token)).then(|| Objection::Sealed { hash: hash.to_string() }),
            None => Some(Objection::Token {
                wanted: self.sealed.keys().map(ToString::to_string).collect(),
                given: hash.to_string(),
            }),
        }
    }

    fn cluster_objection(&self, wanted: Option<&str>, unproven: &mut Vec<String>) -> Option<Objection> {
        match (self.cluster_id.as_deref(), wanted) {
            (Some(found), Some(wanted)) if found != wanted => {
                Some(Objection::OtherCluster { found: found.to_owned(), wanted: wanted.to_owned() })
            }
            (None, Some(_)) => {
                unproven.push("it does not tell the id of its cluster".to_owned());
                None
            }
            _ => None,
        }
    }

    fn version_objection(&self, running: Option<&str>, unproven: &mut Vec<String>) -> Option<Objection> {
        let running = running?;
        let Some(found) = self.version() else {
            unproven.push("it does not tell the version it was taken of".to_owned());
            return None;
        };
        let newer = minor(found).zip(minor(running)).is_some_and(|(found, running)| found > running);
        newer.then(|| Objection::Newer { found: found.to_owned(), running: running.to_owned() })
    }
}

/// Major and minor number of a version.
fn minor(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.trim_start_matches('v').split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::super::{Member, Sealed};
    use super::*;

    fn contents() -> Contents {
        let sealed = Sealed::new(include_str!("bootstrap.golden").trim_end().into());
        let mut contents = Contents { cluster_id: Some("7d1c".into()), ..Contents::default() };
        contents.sealed.insert(TokenHash::of(&Secret::new("s3cret")), sealed);
        let version = Some("v1.33.4+rke2r1".to_owned());
        contents.nodes.insert("a".into(), Member { version, server: true });
        contents
    }

    fn expected(token: &str, cluster_id: &str, version: &str) -> Expected {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Expected { token: some(token).map(Secret::new), cluster_id: some(cluster_id), version: some(version) }
    }

    #[test]
    fn everything_against_it_is_said_at_once() {
        let proof = contents().prove(&expected("s3cret", "7d1c", "v1.33.1+rke2r2")).unwrap();
        assert_eq!((proof.token_hash.as_deref(), proof.unproven.len()), (Some("1ec1c26b50d5"), 0));
        let all = contents().prove(&expected("other", "0000", "v1.32.9+rke2r1")).unwrap_err();
        assert!(
            matches!(
                all.as_slice(),
                [Objection::Token { .. }, Objection::OtherCluster { .. }, Objection::Newer { .. }]
            ),
            "{all:?}"
        );
        let told: Vec<String> = all.iter().map(ToString::to_string).collect();
        assert!(told[0].contains("1ec1c26b50d5") && !told[0].contains("other)"), "{told:?}");
    }

    #[test]
    fn what_cannot_be_proven_is_said() {
        let proof = contents().prove(&Expected::default()).unwrap();
        assert_eq!(proof.unproven, ["no token was given to try it with"]);
        let bare = Contents { cluster_id: None, nodes: Default::default(), ..contents() };
        let proof = bare.prove(&expected("s3cret", "7d1c", "v1.33.4+rke2r1")).unwrap();
        assert_eq!(proof.unproven.len(), 2, "{:?}", proof.unproven);
        let empty = Contents::default().prove(&expected("s3cret", "", "")).unwrap_err();
        assert_eq!(empty, [Objection::NoBootstrap]);
    }

    #[test]
    fn a_damaged_seal_is_no_wrong_token() {
        let mut damaged = contents();
        let hash = TokenHash::of(&Secret::new("s3cret"));
        damaged.sealed.insert(hash, Sealed::new(b"salt:AAAA".to_vec()));
        let said = damaged.prove(&expected("s3cret", "", "")).unwrap_err();
        assert!(matches!(said.as_slice(), [Objection::Sealed { .. }]), "{said:?}");
    }
}
