//! Logging in.

use std::path::PathBuf;

use russh::client::{AuthResult, Handle, Handler};
use russh::keys::agent::AgentIdentity;
use russh::keys::agent::client::AgentClient;
use russh::keys::{Algorithm, Certificate, HashAlg, PrivateKeyWithHashAlg, PublicKey};
use russh::{AgentAuthError, MethodKind, Signer};

use crate::credentials::Credentials;
use crate::trust::host_key;

/// Why a machine did not let the user in.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// There is nothing to log in with.
    #[error(
        "there is nothing to log in with as {user}: set `private_key` in the provider's `ssh` section (or \
         HYBRIDOPS_SSH_PRIVATE_KEY), or start an ssh-agent (SSH_AUTH_SOCK)"
    )]
    Nothing {
        /// The user.
        user: String,
    },
    /// The agent cannot be asked, and there is no key besides.
    #[error("the ssh-agent at {} cannot be asked", socket.display())]
    Agent {
        /// Its socket.
        socket: PathBuf,
        /// Why.
        #[source]
        source: russh::keys::Error,
    },
    /// Everything that could be offered was refused.
    #[error(
        "it refused {user}. Offered: {}. It accepts: {}. {}",
        list(offered),
        list(accepted),
        advice(offered)
    )]
    Refused {
        /// The user.
        user: String,
        /// What was offered, each by its fingerprint.
        offered: Vec<String>,
        /// The methods that it accepts.
        accepted: Vec<String>,
    },
    /// The connection broke.
    #[error("the connection broke while logging in as {user}")]
    Broken {
        /// The user.
        user: String,
        /// Why.
        #[source]
        source: russh::Error,
    },
}

fn list(items: &[String]) -> String {
    if items.is_empty() { "nothing".into() } else { items.join(", ") }
}

/// Servers end the connection after six attempts (`MaxAuthTries`).
const ATTEMPTS: usize = 6;

fn advice(offered: &[String]) -> &'static str {
    if offered.len() >= ATTEMPTS {
        "Servers hang up after six keys: name the right one with `private_key`, or remove others from the agent"
    } else {
        "Put one of these keys into its `authorized_keys`, or see its log (`journalctl -u ssh`) for why it was refused"
    }
}

/// Signs by an agent. A certificate is signed for with its key: the agent need not hold the certificate too.
struct ByAgent(AgentClient<tokio::net::UnixStream>);

impl Signer for ByAgent {
    type Error = AgentAuthError;

    async fn auth_sign(
        &mut self,
        identity: &AgentIdentity,
        hash: Option<HashAlg>,
        to_sign: Vec<u8>,
    ) -> Result<Vec<u8>, Self::Error> {
        let key = AgentIdentity::from(identity.public_key().into_owned());
        Ok(self.0.sign_request(&key, hash, to_sign).await?)
    }
}

/// One login: what was offered so far, and what the server still accepts.
struct Login<'a, H: Handler> {
    handle: &'a mut Handle<H>,
    user: &'a str,
    offered: Vec<String>,
    accepted: Vec<String>,
    over: bool,
}

/// Logs in with what there is.
pub(crate) async fn log_in<H: Handler>(
    handle: &mut Handle<H>,
    user: &str,
    credentials: &Credentials,
) -> Result<(), AuthError> {
    if credentials.is_empty() {
        return Err(AuthError::Nothing { user: user.to_owned() });
    }
    let mut login = Login { handle, user, offered: Vec::new(), accepted: Vec::new(), over: false };
    if login.by_key(credentials).await? {
        return Ok(());
    }
    match &credentials.agent {
        Some(socket) if !login.over => {
            let agent = AgentClient::connect_uds(socket).await;
            match agent {
                Ok(agent) => {
                    if login.by_agent(ByAgent(agent), credentials.certificate.as_ref()).await? {
                        return Ok(());
                    }
                }
                Err(source) if credentials.key.is_none() => {
                    return Err(AuthError::Agent { socket: socket.clone(), source });
                }
                Err(error) => tracing::debug!(%error, "the ssh-agent cannot be asked"),
            }
        }
        _ => {}
    }
    Err(AuthError::Refused { user: user.to_owned(), offered: login.offered, accepted: login.accepted })
}

impl<H: Handler> Login<'_, H> {
    async fn by_key(&mut self, credentials: &Credentials) -> Result<bool, AuthError> {
        let Some(key) = &credentials.key else { return Ok(false) };
        if let Some(certificate) = &credentials.certificate {
            self.offer("certificate", key.public_key());
            let answer =
                self.handle.authenticate_openssh_cert(self.user, key.clone(), certificate.clone()).await;
            if self.take(answer)? {
                return Ok(true);
            }
        }
        if self.over {
            return Ok(false);
        }
        self.offer("key", key.public_key());
        let key = PrivateKeyWithHashAlg::new(key.clone(), None);
        let answer = self.handle.authenticate_publickey(self.user, key).await;
        self.take(answer)
    }

    async fn by_agent(
        &mut self,
        mut agent: ByAgent,
        certificate: Option<&Certificate>,
    ) -> Result<bool, AuthError> {
        let identities = match agent.0.request_identities().await {
            Ok(identities) => identities,
            Err(error) => {
                tracing::debug!(%error, "the ssh-agent lists no keys");
                Vec::new()
            }
        };
        if let Some(certificate) = certificate.filter(|wanted| holds(&identities, wanted)) {
            self.offer("the agent's certificate", &PublicKey::new(certificate.public_key().clone(), ""));
            let hash = self.hash(&certificate.algorithm()).await;
            let certificate = certificate.clone();
            let answer =
                self.handle.authenticate_certificate_with(self.user, certificate, hash, &mut agent).await;
            if self.take_signed(answer)? {
                return Ok(true);
            }
        }
        for identity in identities {
            if self.over || self.offered.len() >= ATTEMPTS {
                break;
            }
            let key = identity.public_key().into_owned();
            let hash = self.hash(&key.algorithm()).await;
            let answer = match identity {
                AgentIdentity::PublicKey { .. } => {
                    self.offer("the agent's key", &key);
                    self.handle.authenticate_publickey_with(self.user, key, hash, &mut agent).await
                }
                AgentIdentity::Certificate { certificate, .. } => {
                    self.offer("the agent's certificate", &key);
                    self.handle.authenticate_certificate_with(self.user, certificate, hash, &mut agent).await
                }
            };
            if self.take_signed(answer)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The hash that an RSA key signs with; others have none to choose.
    async fn hash(&self, algorithm: &Algorithm) -> Option<HashAlg> {
        if !matches!(algorithm, Algorithm::Rsa { .. }) {
            return None;
        }
        let told = self.handle.best_supported_rsa_hash().await.ok().flatten().flatten();
        told.or(Some(HashAlg::Sha256))
    }

    fn offer(&mut self, what: &str, key: &PublicKey) {
        let key = host_key(key).map(|key| key.describe()).unwrap_or_default();
        self.offered.push(format!("{what} {key}"));
    }

    fn take(&mut self, answer: Result<AuthResult, russh::Error>) -> Result<bool, AuthError> {
        match answer {
            Ok(answer) => Ok(self.took(&answer)),
            Err(source) => Err(AuthError::Broken { user: self.user.to_owned(), source }),
        }
    }

    /// An agent that does not sign is no end: another of its keys may do.
    fn take_signed(&mut self, answer: Result<AuthResult, AgentAuthError>) -> Result<bool, AuthError> {
        match answer {
            Ok(answer) => Ok(self.took(&answer)),
            Err(AgentAuthError::Key(error)) => {
                if let Some(last) = self.offered.last_mut() {
                    last.push_str(&format!(" (the agent did not sign: {error})"));
                }
                Ok(false)
            }
            Err(AgentAuthError::Send(_)) => {
                self.over = true;
                Ok(false)
            }
        }
    }

    fn took(&mut self, answer: &AuthResult) -> bool {
        match answer {
            AuthResult::Success => true,
            AuthResult::Failure { remaining_methods, .. } => {
                self.accepted = remaining_methods.iter().map(|kind| <&str>::from(kind).to_owned()).collect();
                self.over = self.handle.is_closed() || !remaining_methods.contains(&MethodKind::PublicKey);
                false
            }
        }
    }
}

fn holds(identities: &[AgentIdentity], certificate: &Certificate) -> bool {
    identities.iter().any(|identity| identity.public_key().key_data() == certificate.public_key())
}
