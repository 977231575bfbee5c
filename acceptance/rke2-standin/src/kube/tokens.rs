//! Tokens of service accounts, signed and bound as TokenRequest makes them (pkg/serviceaccount/claims.go).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, UnparsedPublicKey,
};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::objects;

/// Who issues, and for whom unless the request says otherwise (k3s defaults).
pub(crate) const ISSUER: &str = "https://kubernetes.default.svc.cluster.local";

/// A token cannot be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TokenError {
    /// The key is not what it should be.
    #[error("it must be an ECDSA P-256 key in PKCS#8 PEM")]
    Key,
    /// ring refused.
    #[error("the token cannot be signed")]
    Signing,
}

/// Signs and checks.
pub(crate) struct Tokens {
    pair: EcdsaKeyPair,
    random: SystemRandom,
}

/// What a valid token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claims {
    pub(crate) namespace: String,
    pub(crate) service_account: String,
    pub(crate) uid: String,
    pub(crate) audiences: Vec<String>,
}

impl Tokens {
    pub(crate) fn read(pem: &str) -> Result<Tokens, TokenError> {
        let random = SystemRandom::new();
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| TokenError::Key)?;
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der.secret_pkcs8_der(), &random)
                .map_err(|_| TokenError::Key)?;
        Ok(Tokens { pair, random })
    }

    /// A token for an account, valid so many seconds.
    pub(crate) fn issue(
        &self,
        account: &Value,
        audiences: &[String],
        seconds: i64,
    ) -> Result<String, TokenError> {
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let (namespace, name) = (objects::namespace(account), objects::name(account));
        let header = json!({ "alg": "ES256", "typ": "JWT" });
        let claims = json!({
            "iss": ISSUER, "aud": audiences, "iat": now, "nbf": now, "exp": now + seconds, "jti": objects::new_uid(),
            "sub": format!("system:serviceaccount:{namespace}:{name}"),
            "kubernetes.io": {
                "namespace": namespace,
                "serviceaccount": { "name": name, "uid": objects::uid(account) },
            },
        });
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encode(&header), encode(&claims));
        let signature = self.pair.sign(&self.random, signed.as_bytes()).map_err(|_| TokenError::Signing)?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    /// What a token says, if it is signed by us and valid now. Whether the account still exists is for the caller.
    pub(crate) fn check(&self, token: &str) -> Option<Claims> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (_, claims) = signed.split_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, self.pair.public_key().as_ref())
            .verify(signed.as_bytes(), &signature)
            .ok()?;
        let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
        let now = OffsetDateTime::now_utc().unix_timestamp();
        if claims["exp"].as_i64()? <= now || claims["nbf"].as_i64()? > now {
            return None;
        }
        let bound = &claims["kubernetes.io"];
        Some(Claims {
            namespace: bound["namespace"].as_str()?.to_owned(),
            service_account: bound["serviceaccount"]["name"].as_str()?.to_owned(),
            uid: bound["serviceaccount"]["uid"].as_str()?.to_owned(),
            audiences: claims["aud"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
        })
    }
}
