//! Our certificate and the host's: the two ends of every connection of this process.

use std::sync::Arc;

use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose};
use rustls::server::NoServerSessionStorage;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ServerConfig, SupportedProtocolVersion};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, pem};
use tokio_rustls::client::TlsStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::crypto::crypto_provider;
use super::pinned::Pinned;
use crate::listen::{BoxedIo, Io};

/// The name both certificates carry.
const NAME: &str = "localhost";
/// gRPC is HTTP/2 alone; newer Go hosts refuse a server that does not say so.
const ALPN: &[u8] = b"h2";
const VERSIONS: [&SupportedProtocolVersion; 2] = [&TLS13, &TLS12];

/// Why the session cannot be secured.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// `PLUGIN_CLIENT_CERT` is set and holds no certificate.
    #[error("the host's certificate holds no certificate")]
    NoHostCertificate,
    /// `PLUGIN_CLIENT_CERT` is set and is not PEM.
    #[error("the host's certificate cannot be read: {0}")]
    HostCertificate(pem::Error),
    /// Our certificate could not be made.
    #[error("our certificate cannot be made")]
    OwnCertificate(#[from] rcgen::Error),
    /// The parts do not fit together.
    #[error("TLS cannot be configured")]
    Configuration(#[from] rustls::Error),
}

/// A secured session: whom we trust, and who we are.
pub(crate) struct Session {
    host: Arc<Pinned>,
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

impl Session {
    /// Trusts the host's certificate, given as PEM, and makes our own.
    pub(crate) fn new(host_pem: &str) -> Result<Self, TlsError> {
        let pinned: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(host_pem.as_bytes())
            .collect::<Result<_, _>>()
            .map_err(TlsError::HostCertificate)?;
        if pinned.is_empty() {
            return Err(TlsError::NoHostCertificate);
        }
        let key = KeyPair::generate()?;
        let certificate = own_certificate()?.self_signed(&key)?.into();
        let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
        Ok(Self { host: Arc::new(Pinned::new(pinned)), certificate, key })
    }

    /// DER of our certificate, for the handshake line.
    pub(crate) fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// Takes connections from the host and from nobody else.
    pub(crate) fn acceptor(&self) -> Result<TlsAcceptor, TlsError> {
        let mut config = ServerConfig::builder_with_provider(crypto_provider())
            .with_protocol_versions(&VERSIONS)?
            .with_client_cert_verifier(Arc::clone(&self.host) as _)
            .with_single_cert(vec![self.certificate.clone()], self.key.clone_key())?;
        config.alpn_protocols = vec![ALPN.to_vec()];
        // One connection for the life of the process: nothing is ever resumed.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    /// Connects to a listener of the host, which asks for the same certificates.
    pub(crate) async fn connect(&self, io: BoxedIo) -> Result<TlsStream<Box<dyn Io>>, ConnectError> {
        let mut config = ClientConfig::builder_with_provider(crypto_provider())
            .with_protocol_versions(&VERSIONS)
            .map_err(TlsError::from)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(&self.host) as _)
            .with_client_auth_cert(vec![self.certificate.clone()], self.key.clone_key())
            .map_err(TlsError::from)?;
        config.alpn_protocols = vec![ALPN.to_vec()];
        let name = ServerName::try_from(NAME)
            .map_err(|_| rustls::Error::General(NAME.to_owned()))
            .map_err(TlsError::from)?;
        Ok(TlsConnector::from(Arc::new(config)).connect(name, io).await?)
    }
}

/// Why a secured connection to the host failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// Go's verifier wants the name and, where usages are listed at all, `serverAuth`.
fn own_certificate() -> Result<CertificateParams, rcgen::Error> {
    let mut parameters = CertificateParams::new([NAME.to_owned()])?;
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters.extended_key_usages =
        vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    Ok(parameters)
}
