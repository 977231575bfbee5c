//! Checksums computed while bytes pass by.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

/// A checksum algorithm, by the names that publishers and Proxmox use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// SHA-224.
    Sha224,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

/// An algorithm this crate does not compute.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("unknown checksum algorithm {0:?}; known are sha224, sha256, sha384 and sha512")]
pub struct HashError(String);

impl Algorithm {
    /// The lower-case name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha224 => "sha224",
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }

    /// The algorithm whose checksum has this many hexadecimal digits.
    pub fn of_hex_length(digits: usize) -> Option<Self> {
        [(56, Self::Sha224), (64, Self::Sha256), (96, Self::Sha384), (128, Self::Sha512)]
            .into_iter()
            .find_map(|(length, algorithm)| (length == digits).then_some(algorithm))
    }
}

impl FromStr for Algorithm {
    type Err = HashError;

    fn from_str(text: &str) -> Result<Self, HashError> {
        [Self::Sha224, Self::Sha256, Self::Sha384, Self::Sha512]
            .into_iter()
            .find(|algorithm| algorithm.name().eq_ignore_ascii_case(&text.replace('-', "")))
            .ok_or_else(|| HashError(text.to_owned()))
    }
}

#[derive(Clone)]
enum State {
    Sha224(Sha224),
    Sha256(Sha256),
    Sha384(Sha384),
    Sha512(Sha512),
}

/// A checksum in progress.
#[derive(Clone)]
pub struct Hasher(State);

impl Hasher {
    /// A checksum of nothing yet.
    pub fn new(algorithm: Algorithm) -> Self {
        Self(match algorithm {
            Algorithm::Sha224 => State::Sha224(Sha224::new()),
            Algorithm::Sha256 => State::Sha256(Sha256::new()),
            Algorithm::Sha384 => State::Sha384(Sha384::new()),
            Algorithm::Sha512 => State::Sha512(Sha512::new()),
        })
    }

    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            State::Sha224(state) => state.update(bytes),
            State::Sha256(state) => state.update(bytes),
            State::Sha384(state) => state.update(bytes),
            State::Sha512(state) => state.update(bytes),
        }
    }

    /// The checksum in lower-case hexadecimal.
    pub fn hex(self) -> String {
        match self.0 {
            State::Sha224(state) => hex(&state.finalize()),
            State::Sha256(state) => hex(&state.finalize()),
            State::Sha384(state) => hex(&state.finalize()),
            State::Sha512(state) => hex(&state.finalize()),
        }
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hasher")
    }
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_vectors() {
        let sum = |algorithm| {
            let mut hasher = Hasher::new(algorithm);
            hasher.update(b"a");
            hasher.update(b"bc");
            hasher.hex()
        };
        assert_eq!(
            sum(Algorithm::Sha256),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        for algorithm in [Algorithm::Sha224, Algorithm::Sha256, Algorithm::Sha384, Algorithm::Sha512] {
            assert_eq!(Algorithm::of_hex_length(sum(algorithm).len()), Some(algorithm));
            assert_eq!(algorithm.name().to_uppercase().parse(), Ok(algorithm));
        }
        assert!("md5".parse::<Algorithm>().is_err());
        assert_eq!("SHA-512".parse(), Ok(Algorithm::Sha512));
    }
}
