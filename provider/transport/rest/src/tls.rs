//! Whom to trust: system roots, one authority, pinned certificates, or (loudly) anyone.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme,
};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use sha2::{Digest, Sha256};

use crate::hash::hex;
use crate::policy::HttpVersions;

/// How a server proves who it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// The operating system's authorities.
    #[default]
    System,
    /// Only the authorities in this PEM text.
    CaPem(String),
    /// Only servers whose own certificate has one of these SHA-256 fingerprints; names and dates do not count.
    Pins(Vec<Fingerprint>),
    /// Any certificate. Every connection could be to someone else; said once as a warning.
    Insecure,
}

/// Trust that cannot be set up.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum TlsError {
    /// Not 32 bytes of hexadecimal.
    #[error("{0:?} is not a SHA-256 fingerprint: expected 64 hexadecimal digits, with or without colons")]
    Fingerprint(String),
    /// The CA text holds no certificate.
    #[error("the CA certificate holds no PEM certificate")]
    NoCertificate,
    /// The CA text is damaged.
    #[error("the CA certificate cannot be read: {0}")]
    Certificate(String),
    /// The machine has no usable authorities.
    #[error("the system's certificate authorities cannot be loaded: {0}")]
    SystemRoots(String),
    /// Pinning without a pin would refuse everyone.
    #[error("no certificate fingerprint is given")]
    NoPins,
    /// rustls refused the set-up.
    #[error("TLS cannot be set up: {0}")]
    Setup(String),
}

/// The SHA-256 of a certificate's DER form.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The fingerprint of a certificate.
    pub fn of(certificate: &[u8]) -> Self {
        Self(Sha256::digest(certificate).into())
    }
}

impl FromStr for Fingerprint {
    type Err = TlsError;

    fn from_str(text: &str) -> Result<Self, TlsError> {
        let fault = || TlsError::Fingerprint(text.to_owned());
        let digits: Vec<u8> = text.trim().bytes().filter(|byte| *byte != b':').collect();
        if digits.len() != 64 {
            return Err(fault());
        }
        let mut bytes = [0_u8; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| fault())?;
            // `from_str_radix` also takes a sign.
            if pair.starts_with('+') {
                return Err(fault());
            }
            *byte = u8::from_str_radix(pair, 16).map_err(|_| fault())?;
        }
        Ok(Self(bytes))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pairs: Vec<String> = self.0.iter().map(|byte| format!("{byte:02X}")).collect();
        f.write_str(&pairs.join(":"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({})", hex(&self.0))
    }
}

/// The client side of TLS for one policy. The crypto provider is named here; no process-wide default is used.
///
/// # Errors
/// [`TlsError`] where there is nothing to trust.
pub fn client_config(trust: &Trust, versions: HttpVersions) -> Result<ClientConfig, TlsError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = verifier(trust, &provider)?;
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError::Setup(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    config.alpn_protocols = match versions {
        HttpVersions::Http1Only => vec![b"http/1.1".to_vec()],
        HttpVersions::Negotiate => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
    };
    Ok(config)
}

fn verifier(trust: &Trust, provider: &Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>, TlsError> {
    let algorithms = provider.signature_verification_algorithms;
    match trust {
        Trust::System => by_roots(system_roots()?, provider),
        Trust::CaPem(pem) => by_roots(pem_roots(pem)?, provider),
        Trust::Pins(pins) if pins.is_empty() => Err(TlsError::NoPins),
        Trust::Pins(pins) => Ok(Arc::new(ByKey { accepted: Some(pins.clone()), algorithms })),
        Trust::Insecure => {
            tracing::warn!("TLS certificate verification is switched off: connections can be intercepted");
            Ok(Arc::new(ByKey { accepted: None, algorithms }))
        }
    }
}

fn by_roots(
    roots: RootCertStore,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, TlsError> {
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build();
    Ok(verifier.map_err(|error| TlsError::Setup(error.to_string()))?)
}

fn system_roots() -> Result<RootCertStore, TlsError> {
    let loaded = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (usable, _) = roots.add_parsable_certificates(loaded.certs);
    if usable == 0 {
        let errors: Vec<String> = loaded.errors.iter().map(ToString::to_string).collect();
        let told = if errors.is_empty() { "none found".to_owned() } else { errors.join("; ") };
        return Err(TlsError::SystemRoots(told));
    }
    Ok(roots)
}

fn pem_roots(pem: &str) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        let certificate = certificate.map_err(|error| TlsError::Certificate(error.to_string()))?;
        roots.add(certificate).map_err(|error| TlsError::Certificate(error.to_string()))?;
    }
    if roots.is_empty() { Err(TlsError::NoCertificate) } else { Ok(roots) }
}

/// The certificate of a server that is not the pinned one.
#[derive(thiserror::Error)]
#[error("its fingerprint {0} is not among the pinned ones")]
struct NotPinned(Fingerprint);

impl fmt::Debug for NotPinned {
    /// The message: rustls shows the causes of others in their debug form.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Accepts by fingerprint (or, without a list, anyone); the handshake must still be signed by that certificate.
#[derive(Debug)]
struct ByKey {
    accepted: Option<Vec<Fingerprint>>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for ByKey {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let seen = Fingerprint::of(end_entity);
        match &self.accepted {
            Some(pins) if !pins.contains(&seen) => {
                let fault = OtherError(Arc::new(NotPinned(seen)));
                Err(rustls::Error::InvalidCertificate(CertificateError::Other(fault)))
            }
            _ => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn fingerprints_survive_text(bytes: [u8; 32]) {
            let pin = Fingerprint(bytes);
            prop_assert_eq!(pin.to_string().parse::<Fingerprint>().unwrap(), pin);
            prop_assert_eq!(hex(&bytes).parse::<Fingerprint>().unwrap(), pin);
        }
    }

    #[test]
    fn bad_fingerprints_are_refused() {
        for bad in ["", "AA:BB", &"+1".repeat(32), &"zz".repeat(32), &"aa".repeat(33)] {
            assert!(bad.parse::<Fingerprint>().is_err(), "{bad}");
        }
    }

    #[test]
    fn trust_needs_something_to_trust() {
        let fault = |trust| client_config(&trust, HttpVersions::Http1Only).unwrap_err();
        assert_eq!(fault(Trust::CaPem("no pem here".into())), TlsError::NoCertificate);
        assert_eq!(fault(Trust::Pins(vec![])), TlsError::NoPins);
    }
}
