//! The public key by which a machine proves that it is itself.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use sha2::{Digest, Sha256};

/// A public key as OpenSSH writes it: `ssh-ed25519 AAAA…`. Keys are compared, never interpreted here, so that keys of
/// any algorithm can be held.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostKey {
    algorithm: String,
    blob: Vec<u8>,
}

/// What the configuration says of a machine's key: the key itself, or the authority that signs it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Pin {
    /// This key.
    Key(HostKey),
    /// Any key with a certificate of this authority: `@cert-authority ssh-ed25519 AAAA…`.
    Authority(HostKey),
}

/// Why a text is no public key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostKeyFormat {
    /// The algorithm or the key is missing.
    #[error("a key is written `ssh-ed25519 AAAA…`: the algorithm, a space, the key in base64")]
    Incomplete,
    /// The key is no base64.
    #[error("the key after `{algorithm}` is no base64")]
    NotBase64 {
        /// The algorithm it is said to be of.
        algorithm: String,
    },
    /// The key says another algorithm of itself than stands before it.
    #[error("the key after `{algorithm}` is no key of that algorithm, or is cut off")]
    OtherAlgorithm {
        /// The algorithm it is said to be of.
        algorithm: String,
    },
    /// A private key where a public one belongs.
    #[error("this is a private key: give the public one, from the `.pub` file beside it")]
    Private,
    /// A marker that is not known.
    #[error("`{marker}` is not known here; `@cert-authority` is")]
    Marker {
        /// The marker.
        marker: String,
    },
}

// === impl HostKey ===

impl HostKey {
    /// A key by its wire form, which begins with its algorithm.
    pub fn from_blob(blob: Vec<u8>) -> Option<Self> {
        let algorithm = algorithm_of(&blob)?.to_owned();
        Some(Self { algorithm, blob })
    }

    pub(crate) fn from_fields(algorithm: &str, base64: &str) -> Result<Self, HostKeyFormat> {
        let algorithm = algorithm.to_owned();
        let Ok(blob) = STANDARD.decode(base64) else { return Err(HostKeyFormat::NotBase64 { algorithm }) };
        if algorithm_of(&blob) != Some(&algorithm) {
            return Err(HostKeyFormat::OtherAlgorithm { algorithm });
        }
        Ok(Self { algorithm, blob })
    }

    /// The algorithm: `ssh-ed25519`, `ecdsa-sha2-nistp256`.
    pub fn algorithm(&self) -> &str {
        &self.algorithm
    }

    /// The wire form.
    pub fn blob(&self) -> &[u8] {
        &self.blob
    }

    /// The fingerprint, as `ssh-keygen -l` shows it: `SHA256:…`.
    pub fn fingerprint(&self) -> String {
        format!("SHA256:{}", STANDARD_NO_PAD.encode(Sha256::digest(&self.blob)))
    }

    /// Algorithm and fingerprint, for messages.
    pub fn describe(&self) -> String {
        format!("{} {}", self.algorithm, self.fingerprint())
    }
}

/// The first string of a key's wire form.
fn algorithm_of(blob: &[u8]) -> Option<&str> {
    let (length, rest) = blob.split_first_chunk::<4>()?;
    let name = rest.get(..usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    let plain = |byte: &u8| byte.is_ascii_graphic();
    if name.is_empty() || !name.iter().all(plain) {
        return None;
    }
    std::str::from_utf8(name).ok()
}

impl FromStr for HostKey {
    type Err = HostKeyFormat;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.contains("PRIVATE KEY") {
            return Err(HostKeyFormat::Private);
        }
        let mut fields = text.split_ascii_whitespace();
        let (Some(algorithm), Some(base64)) = (fields.next(), fields.next()) else {
            return Err(HostKeyFormat::Incomplete);
        };
        Self::from_fields(algorithm, base64)
    }
}

impl fmt::Display for HostKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.algorithm, STANDARD.encode(&self.blob))
    }
}

impl fmt::Debug for HostKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.describe())
    }
}

// === impl Pin ===

impl FromStr for Pin {
    type Err = HostKeyFormat;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if !text.starts_with('@') {
            return text.parse().map(Self::Key);
        }
        let (marker, key) = text.split_once([' ', '\t']).unwrap_or((text, ""));
        if marker != "@cert-authority" {
            return Err(HostKeyFormat::Marker { marker: marker.to_owned() });
        }
        key.parse().map(Self::Authority)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB9dG4kjRhQTtWTVzd2t27+t0DEHBPW7iOD23TUiYLio";

    #[test]
    fn a_key_is_read_with_and_without_its_comment() {
        let key: HostKey = KEY.parse().unwrap();
        assert_eq!(format!("{KEY} root@db-01").parse(), Ok(key.clone()));
        assert_eq!(key.to_string(), KEY);
        assert_eq!(key.algorithm(), "ssh-ed25519");
        assert_eq!(HostKey::from_blob(key.blob().to_vec()), Some(key));
    }

    #[test]
    fn what_is_no_key_is_told() {
        let read = |text: &str| text.parse::<Pin>().unwrap_err();
        assert_eq!(read("ssh-ed25519"), HostKeyFormat::Incomplete);
        assert!(matches!(read("ssh-ed25519 AA.A"), HostKeyFormat::NotBase64 { .. }));
        assert!(matches!(read(&KEY.replace("ssh-ed25519", "ssh-rsa")), HostKeyFormat::OtherAlgorithm { .. }));
        assert_eq!(read("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA"), HostKeyFormat::Private);
        assert!(matches!(read(&format!("@revoked {KEY}")), HostKeyFormat::Marker { .. }));
        assert!(matches!(format!("@cert-authority {KEY}").parse(), Ok(Pin::Authority(_))));
    }
}
