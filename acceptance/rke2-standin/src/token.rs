//! Tokens: `K10<hash of the authority>::<user>:<password>` and the short form (k3s pkg/clientaccess/token.go).

use anyhow::bail;
use sha2::{Digest as _, Sha256};
use x509_parser::pem::Pem;

use crate::files::hex;

/// A token, taken apart.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Token {
    /// The hash it pins, if it does.
    pub(crate) ca_hash: Option<String>,
    /// Who it makes its bearer: `server`, `node`, or nothing said.
    pub(crate) user: Option<String>,
    /// The secret part. For a bootstrap token `<id>.<secret>`.
    pub(crate) password: String,
}

const PREFIX: &str = "K10";

impl Token {
    /// Takes a token apart.
    pub(crate) fn parse(text: &str) -> anyhow::Result<Self> {
        let text = text.trim();
        let Some(rest) = text.strip_prefix(PREFIX).filter(|rest| rest.contains("::")) else {
            return Ok(Self { ca_hash: None, user: None, password: text.to_owned() });
        };
        let Some((hash, credentials)) = rest.split_once("::") else { bail!("invalid token format") };
        if hash.len() != 64 || !hash.chars().all(|digit| digit.is_ascii_hexdigit()) {
            bail!("invalid token CA hash length");
        }
        let (user, password) = match credentials.split_once(':') {
            Some((user, password)) => (Some(user.to_owned()), password.to_owned()),
            None if is_bootstrap(credentials) => (None, credentials.to_owned()),
            None => bail!("invalid token format"),
        };
        Ok(Self { ca_hash: Some(hash.to_lowercase()), user, password })
    }

    /// Whether it is one that expires.
    pub(crate) fn is_bootstrap(&self) -> bool {
        is_bootstrap(&self.password)
    }
}

/// Six and sixteen small letters or digits around a dot.
fn is_bootstrap(text: &str) -> bool {
    let plain = |part: &str, length: usize| {
        part.len() == length
            && part.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit())
    };
    text.split_once('.').is_some_and(|(id, secret)| plain(id, 6) && plain(secret, 16))
}

/// The long form.
pub(crate) fn format(ca_hash: &str, user: &str, password: &str) -> String {
    format!("{PREFIX}{ca_hash}::{user}:{password}")
}

/// What a token pins: the PEM's hash for one certificate that signed itself, the root's for a bundle.
pub(crate) fn ca_hash(pem: &str) -> anyhow::Result<String> {
    let blocks: Vec<Pem> = Pem::iter_from_buffer(pem.as_bytes()).collect::<Result<_, _>>()?;
    let root = blocks.iter().find(|block| {
        block.parse_x509().is_ok_and(|certificate| certificate.subject() == certificate.issuer())
    });
    match (blocks.len(), root) {
        (1, _) => Ok(hex(&Sha256::digest(pem.as_bytes()))),
        (_, Some(root)) => Ok(hex(&Sha256::digest(&root.contents))),
        (_, None) => bail!("no root certificate in the bundle"),
    }
}

/// The twelve digits by which a password is known without telling it.
pub(crate) fn key_hash(password: &str) -> String {
    hex(&Sha256::digest(password.as_bytes())).chars().take(12).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_come_apart_and_together() {
        let hash = "ab".repeat(32);
        let long = format(&hash, "server", "secret:with:colons");
        let token = Token::parse(&long).unwrap();
        assert_eq!(token.ca_hash.as_deref(), Some(hash.as_str()));
        assert_eq!((token.user.as_deref(), token.password.as_str()), (Some("server"), "secret:with:colons"));
        let short = Token::parse("abcdef.0123456789abcdef\n").unwrap();
        assert!(short.ca_hash.is_none() && short.is_bootstrap());
        assert!(Token::parse("K10abc::server:x").is_err());
    }
}
