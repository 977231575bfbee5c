//! The one cryptography provider: ring, which lacks P-521, and P-521, which go-plugin's hosts sign with.

use std::sync::{Arc, LazyLock};

use rustls::SignatureScheme;
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, ring};
use rustls_pki_types::SignatureVerificationAlgorithm;

use super::p521::EcdsaP521Sha512;

type Algorithm = &'static dyn SignatureVerificationAlgorithm;

static P521: [Algorithm; 1] = [&EcdsaP521Sha512];

/// ring's algorithms and P-521, in the two shapes rustls wants.
static ALL: LazyLock<Vec<Algorithm>> = LazyLock::new(|| {
    let ring = ring::default_provider().signature_verification_algorithms;
    ring.all.iter().copied().chain(P521).collect()
});
/// P-521 comes first: under TLS 1.2 Go signs by the first scheme in this order that is ECDSA at all, whatever its key, and
/// would pair its P-521 key with the hash of another curve.
static MAPPING: LazyLock<Vec<(SignatureScheme, &'static [Algorithm])>> = LazyLock::new(|| {
    let ring = ring::default_provider().signature_verification_algorithms;
    [(SignatureScheme::ECDSA_NISTP521_SHA512, &P521[..])]
        .into_iter()
        .chain(ring.mapping.iter().copied())
        .collect()
});

static PROVIDER: LazyLock<Arc<CryptoProvider>> = LazyLock::new(|| {
    Arc::new(CryptoProvider {
        signature_verification_algorithms: signature_algorithms(),
        ..ring::default_provider()
    })
});

/// ring with P-521 signatures added, shared by all sessions of the process. Never installed as a process default.
#[must_use]
pub fn crypto_provider() -> Arc<CryptoProvider> {
    Arc::clone(&PROVIDER)
}

pub(super) fn signature_algorithms() -> WebPkiSupportedAlgorithms {
    WebPkiSupportedAlgorithms { all: &ALL, mapping: &MAPPING }
}
