//! The signature beside an artefact: `cost-run-<run_id>.json.sig`.

use std::collections::BTreeMap;

use crate::documents::{Key, verify};
use crate::fields::{Fields, Place, Read};
use crate::json::{Digest, Json, parse};

/// What the name of a signature has after the name of the artefact.
pub const SIGNATURE_SUFFIX: &str = ".sig";

/// The text that is signed: the digest of the artefact's canonical form, as documents write digests.
#[must_use]
pub fn signed_text(digest: Digest) -> String {
    digest.to_string()
}

/// The document of a signature over a digest, made with an Ed25519 key in PKCS#8 (DER).
///
/// `None` where the key is none.
#[must_use]
pub fn signature(key_id: &str, pkcs8: &[u8], digest: Digest) -> Option<Json<'static>> {
    use base64::Engine as _;
    let pair = ring::signature::Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8).ok()?;
    let value = pair.sign(signed_text(digest).as_bytes());
    Some(Json::object([
        ("schema", Json::of("hybridops.cost-signature")),
        ("schemaVersion", Json::of("1.0.0")),
        ("keyId", Json::of(key_id)),
        ("algorithm", Json::of("Ed25519")),
        ("value", Json::of(base64::engine::general_purpose::STANDARD.encode(value))),
    ]))
}

/// The key of the policy whose signature this is, where it is one over the digest.
pub(super) fn signer(bytes: &[u8], digest: Digest, signers: &BTreeMap<String, Key>) -> Option<String> {
    let value = parse(bytes).ok()?;
    let (key_id, signature) = read(&value).ok()?;
    let key = signers.get(&key_id)?;
    verify(key, signed_text(digest).as_bytes(), &signature).then_some(key_id)
}

fn read(value: &Json<'_>) -> Read<(String, Vec<u8>)> {
    use base64::Engine as _;
    let root = Place::Root;
    let mut fields = Fields::of(value, &root)?;
    fields.formed("schema", |text| text == "hybridops.cost-signature", "\"hybridops.cost-signature\"")?;
    fields.formed(
        "schemaVersion",
        crate::documents::is_version_1,
        "a version 1.x.y that this program reads",
    )?;
    fields.formed("algorithm", |text| text == "Ed25519", "Ed25519")?;
    let key_id = fields.formed("keyId", |text| !text.is_empty(), "a text that is not empty")?.to_owned();
    let text = fields.text("value")?;
    let value = base64::engine::general_purpose::STANDARD
        .decode(text)
        .map_err(|_| fields.at("value").form(text, "an Ed25519 signature in base64"))?;
    fields.finish()?;
    Ok((key_id, value))
}
