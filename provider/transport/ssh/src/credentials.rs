//! By what the user is known to machines.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use russh::keys::ssh_key::certificate::CertType;
use russh::keys::{Algorithm, Certificate, Error as RusshKeyError, PrivateKey, decode_secret_key};
use transport_base::Secret;

/// A private key, a certificate of it, and an agent that holds keys. Each is optional; all that are given are tried, in
/// this order: certificate, key, the agent's keys.
///
/// Keys are ed25519 and ECDSA. RSA keys work from an agent, which signs with them itself; as text they are refused,
/// because the RSA arithmetic that is at hand has an open advisory (RUSTSEC-2023-0071).
#[derive(Clone, Default)]
pub struct Credentials {
    pub(crate) key: Option<Arc<PrivateKey>>,
    pub(crate) certificate: Option<Certificate>,
    pub(crate) agent: Option<PathBuf>,
}

/// Why a key or certificate cannot be used. Says nothing of what is in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// No private key at all.
    #[error("it is no private key in OpenSSH's or PKCS#8's text form")]
    NotAKey,
    /// A public key.
    #[error("it is a public key: give the private one, from the file without `.pub`")]
    Public,
    /// It is encrypted, and no passphrase is given.
    #[error("it is encrypted, and no passphrase is given")]
    Encrypted,
    /// The passphrase does not open it.
    #[error("the passphrase does not open it")]
    Passphrase,
    /// An algorithm that is not supported.
    #[error(
        "{0} keys cannot be used as text here. Load it into an ssh-agent and set `agent = true`, or make an ed25519 key"
    )]
    Algorithm(String),
    /// No certificate.
    #[error("it is no OpenSSH certificate (the content of a `-cert.pub` file)")]
    NotACertificate,
    /// A host's certificate.
    #[error("it is a host's certificate, not a user's")]
    HostCertificate,
    /// The certificate of another key.
    #[error("it is the certificate of another key than the private key")]
    OtherKey,
}

// === impl Credentials ===

impl Credentials {
    /// With a private key: OpenSSH's form, PKCS#8, or SEC1.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn key(mut self, text: &Secret, passphrase: Option<&Secret>) -> Result<Self, KeyError> {
        self.key = Some(Arc::new(parse(text.expose(), passphrase.map(Secret::expose))?));
        Ok(self)
    }

    /// With a certificate of the key, or of one of the agent's keys.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn certificate(mut self, text: &str) -> Result<Self, KeyError> {
        let certificate = Certificate::from_openssh(text.trim()).map_err(|_| KeyError::NotACertificate)?;
        if certificate.cert_type() != CertType::User {
            return Err(KeyError::HostCertificate);
        }
        if self.key.as_ref().is_some_and(|key| key.public_key().key_data() != certificate.public_key()) {
            return Err(KeyError::OtherKey);
        }
        self.certificate = Some(certificate);
        Ok(self)
    }

    /// With the agent at this socket.
    #[must_use]
    pub fn agent(mut self, socket: impl Into<PathBuf>) -> Self {
        self.agent = Some(socket.into());
        self
    }

    /// Whether there is nothing to log in with.
    pub fn is_empty(&self) -> bool {
        self.key.is_none() && self.agent.is_none()
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("key", &self.key.is_some())
            .field("certificate", &self.certificate.is_some())
            .field("agent", &self.agent)
            .finish()
    }
}

fn parse(text: &str, passphrase: Option<&str>) -> Result<PrivateKey, KeyError> {
    let text = text.trim();
    if !text.contains("PRIVATE KEY") {
        let public = ["ssh-", "ecdsa-", "sk-"].iter().any(|start| text.starts_with(start));
        return Err(if public { KeyError::Public } else { KeyError::NotAKey });
    }
    if text.contains("BEGIN RSA PRIVATE KEY") {
        return Err(KeyError::Algorithm("RSA".into()));
    }
    let passphrase = passphrase.filter(|passphrase| !passphrase.is_empty());
    let openssh = text.contains("BEGIN OPENSSH PRIVATE KEY");
    let encrypted = text.contains("ENCRYPTED");
    // A passphrase beside a key that has none is no mistake: the key may be on its way to get one.
    let used = if openssh || encrypted { passphrase } else { None };
    if encrypted && used.is_none() {
        return Err(KeyError::Encrypted);
    }
    let key = decode_secret_key(text, used).map_err(|error| match error {
        RusshKeyError::KeyIsEncrypted => KeyError::Encrypted,
        RusshKeyError::UnsupportedKeyType { key_type_string, .. } => KeyError::Algorithm(key_type_string),
        RusshKeyError::UnknownAlgorithm(_) => KeyError::Algorithm("RSA and DSA".into()),
        _ if used.is_some() => KeyError::Passphrase,
        _ => KeyError::NotAKey,
    })?;
    match key.algorithm() {
        Algorithm::Ed25519 | Algorithm::Ecdsa { .. } => Ok(key),
        other => Err(KeyError::Algorithm(other.to_string())),
    }
}
