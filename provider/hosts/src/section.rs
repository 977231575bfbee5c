//! The `ssh` section of the provider's configuration.

use std::path::PathBuf;
use std::sync::Arc;

use tf_framework::{Choice, Diagnostics, Field, GoDuration, Model, Result, Sensitive};
use tf_value::Path;
use transport_ssh::{Credentials, Hop, KnownHosts, Secret, Settings, Ssh};

use crate::connection::pins;
use crate::hosts::Hosts;

/// How machines are reached by SSH. Every machine must be proven: by `host_keys` of its connection, by `known_hosts`, or
/// by an authority that signs host keys.
#[derive(Clone, Debug, Model)]
pub struct SshConfig {
    /// User to log in as, unless a connection names one. `root` unless set. Also `HYBRIDOPS_SSH_USER`.
    pub user: Option<String>,
    /// Private key in OpenSSH's or PKCS#8's text form: ed25519 or ECDSA. RSA keys work from an agent only. Also
    /// `HYBRIDOPS_SSH_PRIVATE_KEY`, which may be a path.
    pub private_key: Option<Sensitive<String>>,
    /// Passphrase of the private key. Also `HYBRIDOPS_SSH_PRIVATE_KEY_PASSPHRASE`.
    #[attr(validate(required_with(private_key)))]
    pub private_key_passphrase: Option<Sensitive<String>>,
    /// OpenSSH certificate of the private key, or of a key that the agent holds: the content of a `-cert.pub` file. Also
    /// `HYBRIDOPS_SSH_CERTIFICATE`, which may be a path.
    pub certificate: Option<String>,
    /// Whether the keys of the ssh-agent at `SSH_AUTH_SOCK` are tried. On unless set, where there is no `private_key`
    /// and an agent is there. Also `HYBRIDOPS_SSH_AGENT`.
    pub agent: Option<bool>,
    /// What is known of machines: the content of a `known_hosts` file. Hashed names, wildcards, ports, `@cert-authority`
    /// and `@revoked` are understood. Also `HYBRIDOPS_SSH_KNOWN_HOSTS`, which may be a path.
    pub known_hosts: Option<String>,
    /// Whether the key of a machine of which nothing is known is trusted. It is then remembered for the run only, unless
    /// its resource keeps it. Whoever answers at the address at that moment is trusted with everything: for a
    /// laboratory. Off unless set. Also `HYBRIDOPS_SSH_TRUST_ON_FIRST_USE`.
    pub trust_on_first_use: Option<bool>,
    /// Machines that are gone through, the first one first, unless a connection names its own.
    pub jump: Option<Vec<Jump>>,
    /// How commands become root's, where the user is another, unless a connection says so: `none`, `sudo` or `doas`,
    /// which must not ask for a password. `none` unless set. Also `HYBRIDOPS_SSH_BECOME`.
    pub r#become: Option<Become>,
    /// How long one attempt to connect and log in may take. 20 seconds unless set. Also `HYBRIDOPS_SSH_CONNECT_TIMEOUT`.
    pub connect_timeout: Option<GoDuration>,
}

/// A machine on the way.
#[derive(Clone, Debug, PartialEq, Eq, Model)]
pub struct Jump {
    /// Name or address.
    #[attr(validate(length(1..)))]
    pub host: String,
    /// Port of its SSH server. 22 unless set.
    #[attr(validate(range(1..=65535)))]
    pub port: Option<u16>,
    /// User to log in as. That of the `ssh` section unless set.
    pub user: Option<String>,
    /// Its host keys, `ssh-ed25519 AAAA…`, or the authority that signs them, `@cert-authority ssh-ed25519 AAAA…`.
    /// `known_hosts` unless set.
    #[attr(validate(each(custom(crate::check::host_key, "a public key such as `ssh-ed25519 AAAA…`"))))]
    pub host_keys: Option<Vec<String>>,
}

/// How commands become root's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
#[choice(rename_all = "lowercase")]
pub enum Become {
    /// The user is root.
    #[default]
    None,
    /// `sudo -n`.
    Sudo,
    /// `doas -n`.
    Doas,
}

/// Reads a variable of the environment. A function, so that tests need not touch the real one.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// What holds where a connection says nothing else.
#[derive(Clone, Debug)]
pub(crate) struct Usual {
    pub(crate) user: String,
    pub(crate) jump: Vec<Hop>,
    pub(crate) r#become: Become,
    pub(crate) trust_on_first_use: bool,
}

/// What is not known yet.
struct NotKnown;

pub(crate) fn section() -> Path {
    Path::root().attribute("ssh")
}

fn wrong(attribute: &str, summary: &str, detail: impl Into<String>) -> Diagnostics {
    Diagnostics::error_at(section().attribute(attribute), summary, detail)
}

impl SshConfig {
    /// Checks what can be checked offline.
    pub fn validate(config: &Field<SshConfigPartial>, diagnostics: &mut Diagnostics) {
        let Field::Known(given) = config else { return };
        if let Some(text) = given.known_hosts.known()
            && let Err(error) = KnownHosts::parse(text)
        {
            diagnostics.extend(unreadable_known_hosts(&error));
        }
        let phrase = given.private_key_passphrase.known();
        if let Some(key) = given.private_key.known()
            && !given.private_key_passphrase.is_unknown()
            && let Err(error) =
                Credentials::default().key(&Secret::new(key.clone()), phrase.map(Secret::new).as_ref())
        {
            diagnostics.extend(wrong("private_key", "The private key cannot be used", format!("{error}.")));
        }
    }

    /// The machines that the configuration reaches: `None` while it is not wholly known. Opens no connection.
    ///
    /// # Errors
    /// The section cannot work; says which attribute.
    pub fn hosts(config: &Field<SshConfigPartial>, env: Environment<'_>) -> Result<Option<Arc<Hosts>>> {
        let unset = SshConfigPartial::default();
        let given = match config {
            Field::Unknown => return Ok(None),
            Field::Null => &unset,
            Field::Known(given) => given,
        };
        let Ok(gathered) = Gathered::from(given, env) else { return Ok(None) };
        let (settings, usual) = gathered.settings()?;
        Ok(Some(Arc::new(Hosts::new(Ssh::new(settings), usual))))
    }
}

fn unreadable_known_hosts(error: &transport_ssh::KnownHostsError) -> Diagnostics {
    let detail = format!(
        "{error}. Correct or remove that line: a line that is skipped could be one that revokes a key."
    );
    wrong("known_hosts", "The known hosts cannot be read", detail)
}

/// Configuration and environment together; the configuration wins.
struct Gathered {
    user: Option<String>,
    private_key: Option<String>,
    passphrase: Option<String>,
    certificate: Option<String>,
    agent: Option<bool>,
    socket: Option<String>,
    known_hosts: Option<String>,
    trust_on_first_use: bool,
    jump: Vec<Jump>,
    r#become: Option<Become>,
    connect_timeout: Option<GoDuration>,
}

fn known<T: Clone>(field: &Field<T>) -> Result<Option<T>, NotKnown> {
    match field {
        Field::Unknown => Err(NotKnown),
        Field::Null => Ok(None),
        Field::Known(value) => Ok(Some(value.clone())),
    }
}

/// A value from the configuration, else from the environment.
fn given<T: Clone>(field: &Field<T>, env: impl FnOnce() -> Option<T>) -> Result<Option<T>, NotKnown> {
    Ok(known(field)?.or_else(env))
}

impl Jump {
    fn from_known(set: &JumpPartial) -> Result<Self, NotKnown> {
        let keys = known(&set.host_keys)?;
        let keys = keys.map(|keys| keys.iter().map(|key| known(key)?.ok_or(NotKnown)).collect());
        Ok(Self {
            host: known(&set.host)?.ok_or(NotKnown)?,
            port: known(&set.port)?,
            user: known(&set.user)?,
            host_keys: keys.transpose()?,
        })
    }
}

/// A variable of the environment that is set and not empty.
fn variable(env: Environment<'_>, name: &str) -> Option<String> {
    env(&format!("HYBRIDOPS_SSH_{name}")).filter(|text| !text.is_empty())
}

fn flag(env: Environment<'_>, name: &str) -> Option<bool> {
    variable(env, name).map(|text| matches!(text.as_str(), "1" | "true"))
}

impl Gathered {
    fn from(set: &SshConfigPartial, env: Environment<'_>) -> Result<Self, NotKnown> {
        let text = |field: &Field<String>, name: &str| given(field, || variable(env, name));
        let jump = known(&set.jump)?.unwrap_or_default();
        let jump = jump.iter().map(|jump| Jump::from_known(&known(jump)?.ok_or(NotKnown)?));
        let jump = jump.collect::<Result<_, _>>()?;
        Ok(Self {
            user: text(&set.user, "USER")?,
            private_key: text(&set.private_key, "PRIVATE_KEY")?,
            passphrase: text(&set.private_key_passphrase, "PRIVATE_KEY_PASSPHRASE")?,
            certificate: text(&set.certificate, "CERTIFICATE")?,
            agent: given(&set.agent, || flag(env, "AGENT"))?,
            socket: env("SSH_AUTH_SOCK").filter(|socket| !socket.is_empty()),
            known_hosts: text(&set.known_hosts, "KNOWN_HOSTS")?,
            trust_on_first_use: given(&set.trust_on_first_use, || flag(env, "TRUST_ON_FIRST_USE"))?
                .unwrap_or_default(),
            jump,
            r#become: given(&set.r#become, || variable(env, "BECOME")?.parse().ok())?,
            connect_timeout: given(&set.connect_timeout, || variable(env, "CONNECT_TIMEOUT")?.parse().ok())?,
        })
    }

    fn settings(self) -> Result<(Settings, Usual)> {
        let user = self.user.clone().unwrap_or_else(|| "root".into());
        let usual = Usual {
            jump: self.jump.iter().map(|jump| self.hop(jump, &user)).collect::<Result<_>>()?,
            user,
            r#become: self.r#become.unwrap_or_default(),
            trust_on_first_use: self.trust_on_first_use,
        };
        let mut settings = Settings::new(self.credentials()?);
        if let Some(text) = &self.known_hosts {
            // An empty file is one in which nobody is known yet.
            let is_text = |text: &str| text.trim().is_empty() || text.contains(' ');
            let text = content(text, is_text, "known_hosts", "The known hosts cannot be read")?;
            settings.known_hosts =
                KnownHosts::parse(&text).map_err(|error| unreadable_known_hosts(&error))?;
        }
        if let Some(timeout) = self.connect_timeout {
            settings.connect_timeout = timeout.length();
        }
        Ok((settings, usual))
    }

    fn hop(&self, jump: &Jump, user: &str) -> Result<Hop> {
        Ok(Hop {
            host_keys: pins(jump.host_keys.as_deref(), &section().attribute("jump"))?,
            trust_on_first_use: self.trust_on_first_use,
            ..Hop::new(&jump.host, jump.port.unwrap_or(22), jump.user.as_deref().unwrap_or(user))
        })
    }

    fn credentials(&self) -> Result<Credentials> {
        let mut credentials = Credentials::default();
        if let Some(text) = &self.private_key {
            let is_key = |text: &str| text.contains("-----BEGIN") || text.contains(char::is_whitespace);
            let summary = "The private key cannot be used";
            let text = Secret::new(content(text, is_key, "private_key", summary)?);
            let passphrase = self.passphrase.as_ref().map(Secret::new);
            credentials = credentials
                .key(&text, passphrase.as_ref())
                .map_err(|error| wrong("private_key", summary, format!("{error}.")))?;
        }
        match (self.agent, &self.socket) {
            (Some(true), None) => {
                let detail = "`agent` is set, but SSH_AUTH_SOCK is not: start one (`eval $(ssh-agent)`, `ssh-add`), or \
                              set `private_key`.";
                return Err(wrong("agent", "There is no ssh-agent", detail));
            }
            (Some(true), Some(socket)) => credentials = credentials.agent(PathBuf::from(socket)),
            (None, Some(socket)) if self.private_key.is_none() => {
                credentials = credentials.agent(PathBuf::from(socket));
            }
            _ => {}
        }
        if let Some(text) = &self.certificate {
            let summary = "The certificate cannot be used";
            let text = content(text, |text| text.contains(' '), "certificate", summary)?;
            credentials = credentials
                .certificate(&text)
                .map_err(|error| wrong("certificate", summary, format!("{error}.")))?;
        }
        Ok(credentials)
    }
}

/// Text, or what is in the file that it names.
fn content(text: &str, is_text: impl FnOnce(&str) -> bool, attribute: &str, summary: &str) -> Result<String> {
    if is_text(text) {
        return Ok(text.to_owned());
    }
    // The path is not shown: what stands here may be a secret in a form that is not known.
    std::fs::read_to_string(text).map_err(|error| {
        wrong(attribute, summary, format!("It is neither text nor a readable file: {error}."))
    })
}

#[cfg(test)]
#[path = "section_tests.rs"]
mod tests;
