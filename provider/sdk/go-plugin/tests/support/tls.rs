//! TLS from the host's side: signs with P-521, trusts the one certificate of the handshake line.

use std::sync::Arc;

use p521::ecdsa::signature::Signer as _;
use p521::ecdsa::{DerSignature, SigningKey as P521Key};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{verify_tls12_signature, verify_tls13_signature};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::sign::{CertifiedKey, Signer, SigningKey, SingleCertAndKey};
use rustls::{
    ClientConfig, DigitallySignedStruct, DistinguishedName, Error, ServerConfig, SignatureAlgorithm,
    SignatureScheme, SupportedProtocolVersion,
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tokio::net::UnixStream;
use tokio_rustls::client::TlsStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};
use tonic::transport::Channel;

use super::certificate::HostCertificate;
use super::{Plugin, channel};

/// How a host connects.
pub struct Host {
    /// What it presents; nothing where `None`.
    pub certificate: Option<HostCertificate>,
    /// What it signs with where that is not the certificate's own key.
    pub key: Option<P521Key>,
    pub version: &'static SupportedProtocolVersion,
}

impl Host {
    pub fn new(certificate: &HostCertificate) -> Self {
        Self { certificate: Some(certificate.clone()), key: None, version: &rustls::version::TLS13 }
    }

    pub async fn handshake(&self, plugin: &Plugin) -> std::io::Result<TlsStream<UnixStream>> {
        let connector = TlsConnector::from(Arc::new(self.config(plugin.certificate().into())));
        connector.connect(ServerName::try_from("localhost").expect("a name"), plugin.dial().await).await
    }

    pub async fn connect(&self, plugin: &Plugin) -> Channel {
        let stream = self.handshake(plugin).await.expect("a handshake");
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        assert_eq!(stream.get_ref().1.protocol_version(), Some(self.version.version));
        channel(stream).await.expect("a channel")
    }

    /// Takes a connection from the plugin, as a broker does.
    pub fn acceptor(&self, plugin: &Plugin) -> TlsAcceptor {
        let mut config = ServerConfig::builder_with_provider(go_plugin::crypto_provider())
            .with_protocol_versions(&[self.version])
            .expect("a version")
            .with_client_cert_verifier(Arc::new(Exactly(plugin.certificate().into())))
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(self.certified().expect("a certificate"))));
        config.alpn_protocols = vec![b"h2".to_vec()];
        TlsAcceptor::from(Arc::new(config))
    }

    fn config(&self, plugin: CertificateDer<'static>) -> ClientConfig {
        let builder = ClientConfig::builder_with_provider(go_plugin::crypto_provider())
            .with_protocol_versions(&[self.version])
            .expect("a version")
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Exactly(plugin)));
        let mut config = match self.certified() {
            None => builder.with_no_client_auth(),
            Some(certified) => builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(certified))),
        };
        config.alpn_protocols = vec![b"h2".to_vec()];
        config
    }

    fn certified(&self) -> Option<CertifiedKey> {
        let HostCertificate { key, der } = self.certificate.clone()?;
        let key = Arc::new(Key(self.key.clone().unwrap_or(key)));
        Some(CertifiedKey::new(vec![der], key))
    }
}

struct Key(P521Key);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key")
    }
}

impl SigningKey for Key {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        let usable = offered.contains(&SignatureScheme::ECDSA_NISTP521_SHA512);
        usable.then(|| Box::new(Self(self.0.clone())) as Box<dyn Signer>)
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ECDSA
    }
}

impl Signer for Key {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let signature: DerSignature = self.0.sign(message);
        Ok(signature.as_bytes().to_vec())
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::ECDSA_NISTP521_SHA512
    }
}

/// Trusts one certificate.
#[derive(Debug)]
struct Exactly(CertificateDer<'static>);

impl Exactly {
    fn check(&self, presented: &CertificateDer<'_>) -> Result<(), Error> {
        if *presented == self.0 { Ok(()) } else { Err(Error::General("another certificate".to_owned())) }
    }
}

macro_rules! signatures {
    () => {
        fn verify_tls12_signature(
            &self,
            message: &[u8],
            certificate: &CertificateDer<'_>,
            signed: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            let algorithms = go_plugin::crypto_provider().signature_verification_algorithms;
            verify_tls12_signature(message, certificate, signed, &algorithms)
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            certificate: &CertificateDer<'_>,
            signed: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            let algorithms = go_plugin::crypto_provider().signature_verification_algorithms;
            verify_tls13_signature(message, certificate, signed, &algorithms)
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            go_plugin::crypto_provider().signature_verification_algorithms.supported_schemes()
        }
    };
}

impl ServerCertVerifier for Exactly {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.check(end_entity).map(|()| ServerCertVerified::assertion())
    }

    signatures!();
}

impl ClientCertVerifier for Exactly {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.check(end_entity).map(|()| ClientCertVerified::assertion())
    }

    signatures!();
}
