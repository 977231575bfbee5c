//! A certificate authority of our own, and one certificate for all nodes.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose};
use rustls::ServerConfig;
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use sha2::{Digest, Sha256};
use tokio_rustls::TlsAcceptor;

/// What TLS needs on both sides.
pub(crate) struct Identity {
    pub(crate) acceptor: TlsAcceptor,
    /// The authority's certificate, PEM.
    pub(crate) ca: String,
    /// SHA-256 of the server's certificate, as the API shows it.
    pub(crate) fingerprint: String,
}

/// TLS could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A certificate could not be made.
    #[error("cannot make a certificate")]
    Certificate(#[from] rcgen::Error),
    /// The server configuration was refused.
    #[error("cannot configure TLS")]
    Config(#[from] rustls::Error),
}

/// Makes an authority and a certificate for loopback and the node names.
pub(crate) fn identity(nodes: &[String]) -> Result<Identity, TlsError> {
    let mut ca = CertificateParams::default();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca.key_usages =
        vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
    ca.distinguished_name.push(DnType::CommonName, "HybridOps lab stand-in CA");
    let issuer = CertifiedIssuer::self_signed(ca, KeyPair::generate()?)?;
    let names: Vec<String> = ["localhost", "127.0.0.1", "::1"]
        .into_iter()
        .map(str::to_owned)
        .chain(nodes.iter().cloned())
        .collect();
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, "HybridOps lab stand-in");
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, &issuer)?;
    let fingerprint =
        Sha256::digest(certificate.der()).iter().map(|b| format!("{b:02X}")).collect::<Vec<_>>().join(":");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
        )?;
    Ok(Identity { acceptor: TlsAcceptor::from(Arc::new(config)), ca: issuer.pem(), fingerprint })
}
