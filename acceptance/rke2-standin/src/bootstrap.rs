//! Bootstrap data: authorities and keys every server shares, kept in the database under the token's hash and encrypted
//! by the token (k3s pkg/cluster/encrypt.go, storage.go; pkg/bootstrap).

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use anyhow::{Context as _, anyhow, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::pbkdf2;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::distribution::Layout;
use crate::files::{read_if_there, write_private};
use crate::token::key_hash;

/// One file in the data.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct File {
    /// When the file was written, RFC 3339.
    pub(crate) timestamp: String,
    /// In base64.
    pub(crate) content: String,
}

/// The data as servers exchange it.
pub(crate) type Data = BTreeMap<String, File>;

/// Names in the data and files below `server/`.
const FILES: &[(&str, &str)] = &[
    ("ServerCA", "tls/server-ca.crt"),
    ("ServerCAKey", "tls/server-ca.key"),
    ("ClientCA", "tls/client-ca.crt"),
    ("ClientCAKey", "tls/client-ca.key"),
    ("RequestHeaderCA", "tls/request-header-ca.crt"),
    ("RequestHeaderCAKey", "tls/request-header-ca.key"),
    ("ETCDServerCA", "tls/etcd/server-ca.crt"),
    ("ETCDServerCAKey", "tls/etcd/server-ca.key"),
    ("ETCDPeerCA", "tls/etcd/peer-ca.crt"),
    ("ETCDPeerCAKey", "tls/etcd/peer-ca.key"),
    ("ServiceKey", "tls/service.key"),
    ("PasswdFile", "cred/passwd"),
    ("EncryptionConfig", "cred/encryption-config.json"),
    ("EncryptionHash", "cred/encryption-state.json"),
];

/// Where the data lies in the database.
pub(crate) fn key(password: &str) -> String {
    format!("/bootstrap/{}", key_hash(password))
}

/// What begins every such key.
pub(crate) const PREFIX: &str = "/bootstrap/";

/// The data as the files of this machine have it.
pub(crate) fn collect(layout: &Layout) -> anyhow::Result<Data> {
    let mut data = Data::new();
    for (name, file) in FILES {
        let path = layout.server(file);
        let Some(text) = read_if_there(&path)? else { continue };
        let changed = std::fs::metadata(&path).and_then(|meta| meta.modified());
        let changed = changed.map_or(OffsetDateTime::UNIX_EPOCH, OffsetDateTime::from);
        let timestamp = changed.format(&Rfc3339)?;
        data.insert((*name).to_owned(), File { timestamp, content: STANDARD.encode(text) });
    }
    Ok(data)
}

/// Writes what differs to the files of this machine; the names that did.
pub(crate) fn spread(layout: &Layout, data: &Data) -> anyhow::Result<Vec<String>> {
    let mut changed = Vec::new();
    for (name, path) in FILES {
        let Some(file) = data.get(*name) else { continue };
        let content =
            STANDARD.decode(&file.content).with_context(|| format!("{name} in the bootstrap data"))?;
        let path = layout.server(path);
        if std::fs::read(&path).is_ok_and(|known| known == content) {
            continue;
        }
        write_private(&path, &content)?;
        changed.push((*name).to_owned());
    }
    Ok(changed)
}

fn cipher(password: &str, salt: &str) -> anyhow::Result<LessSafeKey> {
    let rounds = NonZeroU32::new(4096).context("rounds")?;
    let mut key = [0_u8; 32];
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA1, rounds, salt.as_bytes(), password.as_bytes(), &mut key);
    let key = UnboundKey::new(&AES_256_GCM, &key).map_err(|_| anyhow!("no cipher"))?;
    Ok(LessSafeKey::new(key))
}

/// Encrypts data by a token's password: `salt:base64(nonce‖ciphertext)`.
pub(crate) fn encrypt(password: &str, plain: &[u8]) -> anyhow::Result<String> {
    let salt = crate::files::random_hex(8)?;
    let mut nonce = [0_u8; NONCE_LEN];
    getrandom::fill(&mut nonce).map_err(|error| anyhow!("no random bytes: {error}"))?;
    let mut sealed = plain.to_vec();
    cipher(password, &salt)?
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut sealed)
        .map_err(|_| anyhow!("encryption failed"))?;
    Ok(format!("{salt}:{}", STANDARD.encode([nonce.as_slice(), &sealed].concat())))
}

/// Decrypts it.
pub(crate) fn decrypt(password: &str, value: &[u8]) -> anyhow::Result<Vec<u8>> {
    let text = std::str::from_utf8(value).context("invalid cipher text")?;
    let Some((salt, sealed)) = text.split_once(':') else { bail!("invalid cipher text, not : delimited") };
    let sealed = STANDARD.decode(sealed).context("invalid cipher text")?;
    let Some((nonce, body)) = sealed.split_at_checked(NONCE_LEN) else { bail!("invalid cipher text") };
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| anyhow!("invalid cipher text"))?;
    let mut body = body.to_vec();
    let plain = cipher(password, salt)?
        .open_in_place(nonce, Aad::empty(), &mut body)
        .map_err(|_| anyhow!("cipher: message authentication failed"))?;
    Ok(plain.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_token_opens_it() {
        let sealed = encrypt("one", b"authorities").unwrap();
        assert_eq!(decrypt("one", sealed.as_bytes()).unwrap(), b"authorities");
        let refused = decrypt("two", sealed.as_bytes()).unwrap_err().to_string();
        assert_eq!(refused, "cipher: message authentication failed");
    }
}
