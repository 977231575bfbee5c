//! Whether a machine is the one that is meant.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use russh::keys::ssh_key::certificate::CertType;
use russh::keys::{Algorithm, Certificate, EcdsaCurve, HashAlg, PublicKey, PublicKeyOrCertificate};

use crate::host_key::{HostKey, Pin};
use crate::known_hosts::{Known, glob};

/// Why a machine's key is not accepted. Nothing was sent to it but the handshake.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostKeyError {
    /// Nothing is known of the machine.
    #[error(
        "nothing is known of the key of {host}, which showed {presented}. Compare that fingerprint with the one that \
         `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` shows on its console; then put `{key}` into `host_keys` of \
         the connection, or into `known_hosts`{hint}"
    )]
    Unknown {
        /// The machine.
        host: String,
        /// Algorithm and fingerprint of the key it showed.
        presented: String,
        /// The key it showed.
        key: String,
        /// What is known besides, that did not help.
        hint: String,
    },
    /// Another key than the one it is known by.
    #[error(
        "{host} showed the key {presented}, but {origin} says {}. Either the machine was made anew, or something else \
         answers at its address. If it was made anew, compare the fingerprint on its console and replace the key there \
         by `{key}`",
        expected.join(" or ")
    )]
    Changed {
        /// The machine.
        host: String,
        /// Algorithm and fingerprint of the key it showed.
        presented: String,
        /// The key it showed.
        key: String,
        /// Algorithms and fingerprints of those that are known.
        expected: Vec<String>,
        /// Where they are known from.
        origin: String,
    },
    /// A key that is revoked.
    #[error("{host} showed the key {presented}, which line {line} of `known_hosts` revokes")]
    Revoked {
        /// The machine.
        host: String,
        /// Algorithm and fingerprint of the key.
        presented: String,
        /// The line.
        line: usize,
    },
    /// A certificate of a trusted authority that is not good for this machine.
    #[error("{host} showed the certificate \"{id}\", which is not good for it: {why}")]
    Certificate {
        /// The machine.
        host: String,
        /// The certificate's id.
        id: String,
        /// Why.
        why: String,
    },
}

/// What is known of one machine, and how far it may be trusted beyond that.
#[derive(Clone, Debug)]
pub(crate) struct Trust {
    /// As messages name it.
    pub(crate) host: String,
    /// Its name, for the principals of certificates.
    pub(crate) name: String,
    /// Keys and authorities that the configuration names for it.
    pub(crate) pins: Vec<Pin>,
    /// What `known_hosts` says.
    pub(crate) known: Known,
    /// Keys that were trusted on first use; `None` where that is not allowed.
    pub(crate) first_use: Option<Arc<FirstUse>>,
}

/// Keys that were trusted because nothing was known, for as long as the process lives.
#[derive(Debug, Default)]
pub(crate) struct FirstUse(Mutex<HashMap<String, HostKey>>);

// === impl FirstUse ===

impl FirstUse {
    fn get(&self, host: &str) -> Option<HostKey> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(host).cloned()
    }

    /// Remembers a key, unless another one is remembered already: then that one is answered.
    fn remember(&self, host: &str, key: &HostKey) -> HostKey {
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        keys.entry(host.to_owned()).or_insert_with(|| key.clone()).clone()
    }
}

// === impl Trust ===

impl Trust {
    /// Judges what a machine showed; answers its key where it is the one that is meant.
    pub(crate) fn judge(&self, presented: &PublicKeyOrCertificate) -> Result<HostKey, HostKeyError> {
        let Some(key) = host_key(&presented.public_key()) else {
            return Err(HostKeyError::Certificate {
                host: self.host.clone(),
                id: String::new(),
                why: "its key cannot be read".into(),
            });
        };
        self.not_revoked(&key)?;
        if let Some(certificate) = presented.certificate() {
            let authority = host_key(&PublicKey::new(certificate.signature_key().clone(), ""));
            if let Some(authority) = authority {
                self.not_revoked(&authority)?;
                if self.authorities().any(|known| *known == authority) {
                    return self.certified(certificate).map(|()| key);
                }
            }
        }
        self.judge_key(key)
    }

    fn judge_key(&self, key: HostKey) -> Result<HostKey, HostKeyError> {
        let pinned: Vec<&HostKey> = self.pins.iter().filter_map(pinned_key).collect();
        if !pinned.is_empty() {
            return self.among(key, &pinned, "`host_keys`");
        }
        if self.pins.is_empty() && !self.known.keys.is_empty() {
            let keys: Vec<&HostKey> = self.known.keys.iter().map(|(key, _)| key).collect();
            let lines: Vec<String> = self.known.keys.iter().map(|(_, line)| line.to_string()).collect();
            return self.among(key, &keys, &format!("`known_hosts` (line {})", lines.join(", ")));
        }
        if self.pins.is_empty() && self.known.without_port.iter().any(|(known, _)| *known == key) {
            return Ok(key);
        }
        // An authority is a promise of a certificate: a bare key is then never taken on trust.
        if let (Some(first_use), None) = (&self.first_use, self.authorities().next()) {
            let remembered =
                first_use.get(&self.host).unwrap_or_else(|| first_use.remember(&self.host, &key));
            return self.among(key, &[&remembered], "the first connection of this run");
        }
        Err(self.unknown(&key))
    }

    fn among(&self, key: HostKey, expected: &[&HostKey], origin: &str) -> Result<HostKey, HostKeyError> {
        if expected.contains(&&key) {
            return Ok(key);
        }
        Err(HostKeyError::Changed {
            host: self.host.clone(),
            presented: key.describe(),
            key: key.to_string(),
            expected: expected.iter().map(|key| key.describe()).collect(),
            origin: origin.to_owned(),
        })
    }

    fn unknown(&self, key: &HostKey) -> HostKeyError {
        let hint = match self.authorities().next() {
            Some(authority) => {
                format!(". The authority {} is known, but signed no certificate of it", authority.describe())
            }
            None => String::new(),
        };
        let presented = key.describe();
        HostKeyError::Unknown { host: self.host.clone(), presented, key: key.to_string(), hint }
    }

    fn not_revoked(&self, key: &HostKey) -> Result<(), HostKeyError> {
        match self.known.revoked.iter().find(|(revoked, _)| revoked == key) {
            None => Ok(()),
            Some((_, line)) => {
                Err(HostKeyError::Revoked { host: self.host.clone(), presented: key.describe(), line: *line })
            }
        }
    }

    fn authorities(&self) -> impl Iterator<Item = &HostKey> {
        let pinned = self.pins.iter().filter_map(|pin| match pin {
            Pin::Authority(key) => Some(key),
            Pin::Key(_) => None,
        });
        // What the connection itself says replaces the file.
        let known = self.known.authorities.iter().filter(|_| self.pins.is_empty()).map(|(key, _)| key);
        pinned.chain(known)
    }

    /// Whether a certificate of a trusted authority is good for this machine, now.
    fn certified(&self, certificate: &Certificate) -> Result<(), HostKeyError> {
        let wrong = |why: String| {
            Err(HostKeyError::Certificate {
                host: self.host.clone(),
                id: certificate.key_id().to_owned(),
                why,
            })
        };
        if certificate.cert_type() != CertType::Host {
            return wrong("it is a user's, not a host's".into());
        }
        if certificate.critical_options().iter().next().is_some() {
            return wrong("it has critical options, which no host certificate may have".into());
        }
        let principals = certificate.valid_principals();
        let name = self.name.to_ascii_lowercase();
        if !principals.is_empty()
            && !principals.iter().any(|glob_of| glob(&glob_of.to_ascii_lowercase(), &name))
        {
            return wrong(format!("it is for {}", principals.join(", ")));
        }
        if certificate.verify_signature().is_err() {
            return wrong("its signature is wrong, or of an algorithm that is not supported (RSA)".into());
        }
        let authority = certificate.signature_key().fingerprint(HashAlg::Sha256);
        match certificate.validate([&authority]) {
            Ok(()) => Ok(()),
            Err(_) => wrong("it is not valid now; see `ssh-keygen -L` on the machine, and its clock".into()),
        }
    }

    /// Algorithms of certificates that can be judged: none without an authority, because a machine that has one shows
    /// it instead of its key.
    pub(crate) fn certificate_algorithms(&self) -> Vec<Algorithm> {
        if self.authorities().next().is_none() { Vec::new() } else { ALGORITHMS.to_vec() }
    }

    /// Algorithms of keys in the order asked for: those that are known first, or the machine would show another of its
    /// keys.
    pub(crate) fn key_algorithms(&self) -> Vec<Algorithm> {
        let pinned = self.pins.iter().filter_map(pinned_key);
        let listed = self.known.keys.iter().chain(&self.known.without_port).map(|(key, _)| key);
        let remembered = self.first_use.as_ref().and_then(|first_use| first_use.get(&self.host));
        let known: Vec<String> =
            pinned.chain(listed).chain(remembered.iter()).map(|key| key.algorithm().to_owned()).collect();
        let mut algorithms = ALGORITHMS.to_vec();
        algorithms.sort_by_key(|algorithm| !known.iter().any(|name| name == algorithm.as_str()));
        algorithms
    }
}

/// What host keys are verified with, the preferred first. RSA is missing: its crate has an open advisory.
const ALGORITHMS: [Algorithm; 4] = [
    Algorithm::Ed25519,
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 },
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP384 },
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP521 },
];

fn pinned_key(pin: &Pin) -> Option<&HostKey> {
    match pin {
        Pin::Key(key) => Some(key),
        Pin::Authority(_) => None,
    }
}

pub(crate) fn host_key(key: &PublicKey) -> Option<HostKey> {
    HostKey::from_blob(key.to_bytes().ok()?)
}
