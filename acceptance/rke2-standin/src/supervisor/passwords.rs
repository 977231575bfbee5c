//! Node passwords: a machine that was somebody stays somebody (k3s pkg/nodepassword).

use std::num::NonZeroU32;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::pbkdf2;
use serde_json::{Value, json};

use crate::api::{Api, ApiError};
use crate::distribution::Distribution;
use crate::files::{hex, random_hex};

/// A password was not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PasswordError {
    /// Another machine has this name.
    #[error("hash does not match")]
    Differs,
    /// The Secret cannot be read or written.
    #[error(transparent)]
    Api(#[from] ApiError),
}

/// The Secret of a node.
pub(crate) fn secret_path(distribution: Distribution, node: &str) -> String {
    format!("/api/v1/namespaces/kube-system/secrets/{node}.node-password.{}", distribution.name())
}

/// Remembers a node's password, or compares it with the one that is remembered.
pub(crate) async fn ensure(
    api: &Api,
    distribution: Distribution,
    node: &str,
    password: &str,
) -> Result<(), PasswordError> {
    let path = secret_path(distribution, node);
    if let Some(known) = api.get(&path).await? {
        let hash =
            known.get("data").and_then(|data| data.get("hash")).and_then(Value::as_str).unwrap_or_default();
        let hash =
            STANDARD.decode(hash).ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
        return if matches(&hash, password) { Ok(()) } else { Err(PasswordError::Differs) };
    }
    let salt = random_hex(8).map_err(|error| ApiError::Unreachable(error.to_string()))?;
    let object = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "Opaque", "immutable": true,
        "metadata": { "name": format!("{node}.node-password.{}", distribution.name()), "namespace": "kube-system" },
        "data": { "hash": STANDARD.encode(derive(&salt, password)) },
    });
    match api.create("/api/v1/namespaces/kube-system/secrets", &object).await {
        Err(error) if error.is_conflict() => Ok(()),
        other => Ok(other?),
    }
}

/// Upstream uses scrypt (`$1:salt:15:8:1:hash`); the shape is the same, the function is not.
fn derive(salt: &str, password: &str) -> String {
    let mut out = [0_u8; 32];
    let rounds = NonZeroU32::new(2048).unwrap_or(NonZeroU32::MIN);
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, rounds, salt.as_bytes(), password.as_bytes(), &mut out);
    format!("$1:{salt}:15:8:1:{}", hex(&out))
}

fn matches(hash: &str, password: &str) -> bool {
    hash.split(':').nth(1).is_some_and(|salt| derive(salt, password) == hash)
}
