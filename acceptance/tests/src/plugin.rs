//! Plays go-plugin's host towards a provider, without Terraform: to measure it, and to try what Terraform never does.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use hyper_util::rt::TokioIo;
use rcgen::{CertificateParams, KeyPair};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, SignatureScheme};
use tfplugin_proto::tfplugin6::provider_client::ProviderClient;
use tokio::net::UnixStream;
use tokio_rustls::TlsConnector;
use tonic::transport::{Channel, Endpoint};
use tower::service_fn;

use crate::process::{Process, wait_until};

/// By this a provider knows that Terraform started it. Not a secret.
const COOKIE: (&str, &str) =
    ("TF_PLUGIN_MAGIC_COOKIE", "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2");

/// Greatest answer, as Terraform takes it.
const MAX_MESSAGE_BYTES: usize = 256 << 20;

/// The provider's service, over a channel of ours.
pub type PluginClient = ProviderClient<Channel>;

/// A host's certificate and key. P-256: the provider pins the certificate, whatever its kind.
pub struct Identity {
    pem: String,
    der: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

/// The line by which a provider says where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handshake {
    /// Version of the handshake: 1.
    pub core: String,
    /// Version of the provider protocol: 6.
    pub protocol: String,
    /// `unix` or `tcp`.
    pub network: String,
    /// The socket.
    pub address: PathBuf,
    /// Always `grpc`.
    pub transport: String,
    /// The provider's certificate; empty without TLS.
    pub certificate: Vec<u8>,
}

/// A provider started the way Terraform starts it. Killed when dropped.
pub struct PluginProcess {
    child: Child,
    /// Kept open: a provider whose standard output is closed may not survive its own panic message.
    _stdout: BufReader<ChildStdout>,
    handshake: Handshake,
    took: Duration,
}

impl Identity {
    /// A new certificate and its key.
    ///
    /// # Errors
    /// They cannot be made.
    pub fn generate() -> Result<Self> {
        let key = KeyPair::generate()?;
        let certificate = CertificateParams::new(["localhost".to_owned()])?.self_signed(&key)?;
        Ok(Self {
            pem: certificate.pem(),
            der: certificate.der().clone(),
            key: PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        })
    }

    /// The certificate as text.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }
}

impl Handshake {
    /// Reads the line.
    ///
    /// # Errors
    /// It is not what Terraform understands.
    pub fn parse(line: &str) -> Result<Self> {
        let fields: Vec<&str> = line.trim_end().split('|').collect();
        let [core, protocol, network, address, transport, certificate] = fields[..] else {
            bail!("no handshake line of six fields: {line:?}");
        };
        Ok(Self {
            core: core.to_owned(),
            protocol: protocol.to_owned(),
            network: network.to_owned(),
            address: PathBuf::from(address),
            transport: transport.to_owned(),
            certificate: STANDARD_NO_PAD
                .decode(certificate)
                .context("the certificate is no unpadded base64")?,
        })
    }
}

impl PluginProcess {
    /// Starts a provider with the environment Terraform gives it and these variables, and reads its line.
    ///
    /// # Errors
    /// It ends, or says something else.
    pub fn start(binary: &Path, identity: Option<&Identity>, variables: &[(&str, &str)]) -> Result<Self> {
        let mut command = Command::new(binary);
        command
            .env_remove("TF_LOG")
            .env(COOKIE.0, COOKIE.1)
            .env("PLUGIN_PROTOCOL_VERSIONS", "5,6")
            .env("PLUGIN_MIN_PORT", "10000")
            .env("PLUGIN_MAX_PORT", "25000")
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        if let Some(identity) = identity {
            command.env("PLUGIN_CLIENT_CERT", identity.pem());
        }
        let started = Instant::now();
        let mut child = command.spawn().with_context(|| format!("{} cannot be started", binary.display()))?;
        let mut stdout = BufReader::new(child.stdout.take().context("no standard output")?);
        let mut line = String::new();
        stdout.read_line(&mut line)?;
        let took = started.elapsed();
        match Handshake::parse(&line) {
            Ok(handshake) => Ok(Self { child, _stdout: stdout, handshake, took }),
            Err(error) => {
                let _ = child.kill();
                Err(error.context(format!("{} ended with {:?}", binary.display(), child.wait()?)))
            }
        }
    }

    /// What it said.
    #[must_use]
    pub fn handshake(&self) -> &Handshake {
        &self.handshake
    }

    /// Time from its start to its line.
    #[must_use]
    pub fn time_to_line(&self) -> Duration {
        self.took
    }

    /// The process.
    #[must_use]
    pub fn process(&self) -> Process {
        Process::of(self.child.id())
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// It does not come in this time.
    pub fn wait(&mut self, patience: Duration) -> Result<ExitStatus> {
        wait_until("the provider to end", patience, || Ok(self.child.try_wait()?.is_some()))?;
        Ok(self.child.wait()?)
    }
}

impl Drop for PluginProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Connects to a provider: with the identity's certificate, without any, or without TLS where the provider has none.
///
/// # Errors
/// The provider, or its certificate, is not what the handshake promised; or the provider refuses us.
pub async fn channel(handshake: &Handshake, identity: Option<&Identity>) -> Result<Channel> {
    let tls = if handshake.certificate.is_empty() { None } else { Some(connector(handshake, identity)?) };
    let path = handshake.address.clone();
    let name = ServerName::try_from("localhost")?;
    let connect = move |_| {
        let (path, tls, name) = (path.clone(), tls.clone(), name.clone());
        async move {
            let socket = UnixStream::connect(path).await?;
            let io: Box<dyn Io> = match tls {
                None => Box::new(socket),
                Some(tls) => Box::new(tls.connect(name, socket).await?),
            };
            Ok::<_, std::io::Error>(TokioIo::new(io))
        }
    };
    let endpoint = Endpoint::from_static("http://localhost");
    endpoint.connect_with_connector(service_fn(connect)).await.context("the provider cannot be connected to")
}

impl Handshake {
    /// Connects and gives the provider's client.
    ///
    /// # Errors
    /// See [`channel`].
    pub async fn connect(&self, identity: Option<&Identity>) -> Result<PluginClient> {
        let client = ProviderClient::new(channel(self, identity).await?);
        Ok(client.max_decoding_message_size(MAX_MESSAGE_BYTES).max_encoding_message_size(MAX_MESSAGE_BYTES))
    }
}

trait Io: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin {}

impl<T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin> Io for T {}

fn connector(handshake: &Handshake, identity: Option<&Identity>) -> Result<TlsConnector> {
    let crypto = Arc::new(ring::default_provider());
    let pinned = Pinned { certificate: handshake.certificate.clone(), crypto: crypto.clone() };
    let builder = ClientConfig::builder_with_provider(crypto)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(pinned));
    let mut config = match identity {
        Some(identity) => {
            builder.with_client_auth_cert(vec![identity.der.clone()], identity.key.clone_key())?
        }
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

/// Trusts the certificate of the handshake line alone.
#[derive(Debug)]
struct Pinned {
    certificate: Vec<u8>,
    crypto: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if end_entity.as_ref() == self.certificate {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.crypto.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.crypto.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.crypto.signature_verification_algorithms.supported_schemes()
    }
}
