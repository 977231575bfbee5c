//! ECDSA over P-521 with SHA-512, which ring cannot verify and every go-plugin host signs with.

use p521::ecdsa::signature::Verifier as _;
use p521::ecdsa::{DerSignature, VerifyingKey};
use rustls_pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, alg_id};

/// Verifies signatures only: our own key is P-256, which ring signs with.
#[derive(Debug)]
pub(super) struct EcdsaP521Sha512;

impl SignatureVerificationAlgorithm for EcdsaP521Sha512 {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        let key = VerifyingKey::from_sec1_bytes(public_key).map_err(|_| InvalidSignature)?;
        let signature = DerSignature::from_bytes(signature).map_err(|_| InvalidSignature)?;
        key.verify(message, &signature).map_err(|_| InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_P521
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_SHA512
    }
}

#[cfg(test)]
mod tests {
    use p521::ecdsa::SigningKey;
    use p521::ecdsa::signature::Signer as _;

    use super::*;

    fn key() -> SigningKey {
        let mut scalar = [7; 66];
        scalar[0] = 0;
        SigningKey::from_slice(&scalar).expect("a scalar below the order")
    }

    #[test]
    fn accepts_only_what_the_key_signed() {
        let signature: DerSignature = key().sign(b"handshake");
        let public = key().verifying_key().to_sec1_point(false);
        let verify = |message: &[u8], signature: &[u8]| {
            EcdsaP521Sha512.verify_signature(public.as_ref(), message, signature)
        };
        assert!(verify(b"handshake", signature.as_bytes()).is_ok());
        assert!(verify(b"another", signature.as_bytes()).is_err());
        assert!(verify(b"handshake", &signature.as_bytes()[1..]).is_err());
        assert!(verify(b"handshake", b"").is_err());
        assert!(EcdsaP521Sha512.verify_signature(b"no point", b"handshake", signature.as_bytes()).is_err());
    }
}
