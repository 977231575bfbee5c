//! What a `known_hosts` file says of a machine.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

use crate::host_key::{HostKey, HostKeyFormat};

/// The lines of a `known_hosts` file: names with wildcards, negations and ports, hashed names, `@cert-authority` and
/// `@revoked`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownHosts {
    lines: Vec<Line>,
}

/// What the lines say of one machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// Keys it is known by, with the numbers of their lines.
    pub keys: Vec<(HostKey, usize)>,
    /// Keys of lines that name the machine without its port: believed, but another key does not contradict them.
    pub without_port: Vec<(HostKey, usize)>,
    /// Authorities that sign its keys.
    pub authorities: Vec<(HostKey, usize)>,
    /// Keys that must not be accepted.
    pub revoked: Vec<(HostKey, usize)>,
}

/// A line that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} cannot be read: {why}")]
pub struct KnownHostsError {
    /// Its number, from 1.
    pub line: usize,
    /// Why.
    pub why: KnownHostsFault,
}

/// Why a line cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KnownHostsFault {
    /// Not names, algorithm and key.
    #[error(
        "it should be: names, algorithm, key (with `@cert-authority` or `@revoked` before them, where meant)"
    )]
    Incomplete,
    /// A marker that is not known.
    #[error("`{0}` is neither `@cert-authority` nor `@revoked`")]
    Marker(String),
    /// A hashed name that is none.
    #[error("the hashed name is not `|1|salt|hash`")]
    Hashed,
    /// The key.
    #[error(transparent)]
    Key(HostKeyFormat),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    number: usize,
    marker: Option<Marker>,
    names: Names,
    key: HostKey,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Marker {
    Authority,
    Revoked,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Names {
    Patterns(Vec<Pattern>),
    Hashed { salt: Vec<u8>, hash: [u8; 20] },
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Pattern {
    negated: bool,
    glob: String,
}

const MARKERS: [(&str, Marker); 2] = [("@cert-authority", Marker::Authority), ("@revoked", Marker::Revoked)];
const HASHED: &str = "|1|";

// === impl KnownHosts ===

impl KnownHosts {
    /// Reads the text of a file.
    ///
    /// # Errors
    /// The first line that cannot be read. Skipping it, as others do, could skip a `@revoked`.
    pub fn parse(text: &str) -> Result<Self, KnownHostsError> {
        let mut lines = Vec::new();
        for (index, text) in text.lines().enumerate() {
            let text = text.trim();
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let number = index + 1;
            lines.push(Line::parse(number, text).map_err(|why| KnownHostsError { line: number, why })?);
        }
        Ok(Self { lines })
    }

    /// Whether there is no line at all.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// What is said of a machine, by lines that name the port and, as `ssh` does, by lines that name none.
    pub fn lookup(&self, host: &str, port: u16) -> Known {
        let host = host.to_ascii_lowercase();
        let with_port = format!("[{host}]:{port}");
        let both = self.named(&[&host, &with_port]);
        if port == 22 {
            return both;
        }
        let keys = self.named(&[&with_port]).keys;
        Known { keys, without_port: self.named(&[&host]).keys, ..both }
    }

    fn named(&self, names: &[&str]) -> Known {
        let mut known = Known::default();
        for line in &self.lines {
            if names.iter().any(|name| line.names.matches(name)) {
                let room = match line.marker {
                    None => &mut known.keys,
                    Some(Marker::Authority) => &mut known.authorities,
                    Some(Marker::Revoked) => &mut known.revoked,
                };
                room.push((line.key.clone(), line.number));
            }
        }
        known
    }
}

impl fmt::Display for KnownHosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.lines {
            if let Some((word, _)) = MARKERS.iter().find(|(_, marker)| Some(*marker) == line.marker) {
                write!(f, "{word} ")?;
            }
            writeln!(f, "{} {}", line.names, line.key)?;
        }
        Ok(())
    }
}

// === impl Line ===

impl Line {
    fn parse(number: usize, text: &str) -> Result<Self, KnownHostsFault> {
        let mut fields = text.split_ascii_whitespace().peekable();
        let marker = match fields.next_if(|field| field.starts_with('@')) {
            None => None,
            Some(word) => match MARKERS.iter().find(|(known, _)| *known == word) {
                Some((_, marker)) => Some(*marker),
                None => return Err(KnownHostsFault::Marker(word.to_owned())),
            },
        };
        let (Some(names), Some(algorithm), Some(key)) = (fields.next(), fields.next(), fields.next()) else {
            return Err(KnownHostsFault::Incomplete);
        };
        let names = Names::parse(names)?;
        let key = HostKey::from_fields(algorithm, key).map_err(KnownHostsFault::Key)?;
        Ok(Self { number, marker, names, key })
    }
}

// === impl Names ===

impl Names {
    fn parse(text: &str) -> Result<Self, KnownHostsFault> {
        let Some(hashed) = text.strip_prefix(HASHED) else {
            let pattern = |text: &str| {
                let glob = text.strip_prefix('!').unwrap_or(text).to_ascii_lowercase();
                Pattern { negated: text.starts_with('!'), glob }
            };
            let patterns: Vec<Pattern> =
                text.split(',').filter(|text| !text.is_empty() && *text != "!").map(pattern).collect();
            if patterns.is_empty() {
                return Err(KnownHostsFault::Incomplete);
            }
            return Ok(Self::Patterns(patterns));
        };
        let (salt, hash) = hashed.split_once('|').ok_or(KnownHostsFault::Hashed)?;
        let decode = |text: &str| STANDARD.decode(text).map_err(|_| KnownHostsFault::Hashed);
        let hash = decode(hash)?.try_into().map_err(|_| KnownHostsFault::Hashed)?;
        Ok(Self::Hashed { salt: decode(salt)?, hash })
    }

    fn matches(&self, name: &str) -> bool {
        match self {
            Self::Hashed { salt, hash } => hmac_sha1(salt, name.as_bytes()) == *hash,
            Self::Patterns(patterns) => {
                let hit = |negated: bool| {
                    patterns.iter().any(|pattern| pattern.negated == negated && glob(&pattern.glob, name))
                };
                hit(false) && !hit(true)
            }
        }
    }
}

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hashed { salt, hash } => {
                write!(f, "{HASHED}{}|{}", STANDARD.encode(salt), STANDARD.encode(hash))
            }
            Self::Patterns(patterns) => {
                for (index, pattern) in patterns.iter().enumerate() {
                    let comma = if index > 0 { "," } else { "" };
                    let negation = if pattern.negated { "!" } else { "" };
                    write!(f, "{comma}{negation}{}", pattern.glob)?;
                }
                Ok(())
            }
        }
    }
}

/// Whether a name fits a pattern with `*` and `?`. Goes back to the last star only, so that no pattern is slow.
pub(crate) fn glob(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.as_bytes(), name.as_bytes());
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while let Some(byte) = name.get(n) {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p + 1, n));
                p += 1;
            }
            Some(wanted) if *wanted == b'?' || wanted == byte => {
                p += 1;
                n += 1;
            }
            _ => {
                let Some((after, from)) = star else { return false };
                star = Some((after, from + 1));
                p = after;
                n = from + 1;
            }
        }
    }
    pattern.get(p..).is_none_or(|rest| rest.iter().all(|byte| *byte == b'*'))
}

/// HMAC of RFC 2104 over SHA-1: what `ssh` hashes names with. No secret depends on it.
fn hmac_sha1(key: &[u8], message: &[u8]) -> [u8; 20] {
    const BLOCK: usize = 64;
    let key = if key.len() > BLOCK { Sha1::digest(key).to_vec() } else { key.to_vec() };
    let pad = |with: u8| -> Vec<u8> {
        let filled = key.iter().copied().chain(std::iter::repeat(0)).take(BLOCK);
        filled.map(|byte| byte ^ with).collect()
    };
    let inner = Sha1::new().chain_update(pad(0x36)).chain_update(message).finalize();
    Sha1::new().chain_update(pad(0x5c)).chain_update(inner).finalize().into()
}

#[cfg(test)]
#[path = "known_hosts_tests.rs"]
mod tests;
