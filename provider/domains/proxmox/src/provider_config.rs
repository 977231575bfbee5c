//! The `proxmox` section of the provider's configuration.

use std::collections::BTreeSet;
use std::sync::Arc;

use tf_framework::{Diagnostics, Field, Model, Result, Sensitive};
use tf_value::Path;
use transport_rest::{Fingerprint, Secret, Trust, Widths};

use crate::api::{Config, Credentials};
use crate::client::Proxmox;
use crate::guest::default_owner;

/// How a Proxmox VE cluster is reached.
#[derive(Debug, Clone, Model)]
pub struct ProviderConfig {
    /// Addresses of nodes of one cluster, the preferred first: `https://pve1:8006`. When one does not answer
    /// the next is asked. Also `PROXMOX_VE_ENDPOINT`, separated by commas.
    #[attr(validate(items(1..)))]
    pub endpoints: Option<Vec<String>>,
    /// API token, `user@realm!name=secret`. Also `PROXMOX_VE_API_TOKEN`.
    pub api_token: Option<Sensitive<String>>,
    /// User to log in as instead of a token, with realm: `root@pam`. Also `PROXMOX_VE_USERNAME`.
    pub username: Option<String>,
    /// Password of the user. Also `PROXMOX_VE_PASSWORD`.
    pub password: Option<Sensitive<String>>,
    /// One-time code of the user, where the account asks for one. Also `PROXMOX_VE_OTP`.
    pub otp: Option<Sensitive<String>>,
    /// PEM text of the authority that signed the nodes' certificates. Also `PROXMOX_VE_CA_CERTIFICATE`, which may be
    /// a path. The system's authorities unless set.
    #[attr(validate(conflicts_with(fingerprints)))]
    pub ca_certificate: Option<String>,
    /// SHA-256 fingerprints of the nodes' certificates; nothing else is trusted then.
    pub fingerprints: Option<Vec<String>>,
    /// Accepts any certificate, said with a warning. For a laboratory. Also `PROXMOX_VE_INSECURE`.
    pub insecure: Option<bool>,
    /// Limits for each node.
    pub concurrency: Option<Concurrency>,
    /// Name of this configuration in the stamps of the guests it makes. After a run that was killed, only a run with the
    /// same name picks up what was begun. The working directory and workspace unless set: set it where runs of one
    /// configuration take place in different directories. Also `HYBRIDOPS_OWNER`.
    #[attr(validate(matches(
        r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$",
        "letters, digits, `.`, `_`, `/` and `-`, at most 63"
    )))]
    pub owner: Option<String>,
}

/// How much is asked of a node at once. A node has three workers for everyone.
#[derive(Debug, Clone, Model)]
pub struct Concurrency {
    /// Requests that read.
    #[attr(default = 3, validate(range(1..=64)))]
    pub reads: u32,
    /// Tasks such as clones and imports, and requests that write.
    #[attr(default = 2, validate(range(1..=64)))]
    pub heavy: u32,
}

/// Reads a variable of the environment. A function, so that tests need not touch the real one.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

impl ProviderConfig {
    /// Checks what can be checked offline.
    pub fn validate(config: &Field<ProviderConfigPartial>, diagnostics: &mut Diagnostics) {
        let Field::Known(config) = config else { return };
        if config.api_token.known().is_some() && config.username.known().is_some() {
            diagnostics.extend(Diagnostics::error_at(
                section().attribute("username"),
                "Two ways to log in",
                "`proxmox` has both `api_token` and `username`. Keep one: a token for everything but what only \
                 root@pam may do.",
            ));
        }
    }

    /// The client of the configured cluster: `None` while the configuration is not wholly known. `cost_tags` are put on
    /// its guests; `None` while they are not known.
    ///
    /// # Errors
    /// The section is missing or cannot work; says which attribute and which variable.
    pub fn client(
        config: &Field<ProviderConfigPartial>,
        cost_tags: Option<BTreeSet<String>>,
        env: Environment<'_>,
    ) -> Result<Option<Arc<Proxmox>>> {
        let unset = ProviderConfigPartial::default();
        let given = match config {
            Field::Unknown => return Ok(None),
            Field::Null => &unset,
            Field::Known(given) => given,
        };
        let Some(settings) = Settings::gather(given, env) else { return Ok(None) };
        let owner = settings.owner.clone();
        let client = Proxmox::new(settings.into_config()?, owner);
        client.map(|client| Some(Arc::new(client.with_cost_tags(cost_tags)))).map_err(|error| {
            Diagnostics::error_at(section(), "The `proxmox` section cannot work", format!("{error}."))
        })
    }
}

fn section() -> Path {
    Path::root().attribute("proxmox")
}

/// Configuration and environment together; the configuration wins.
#[derive(Default)]
struct Settings {
    endpoints: Vec<String>,
    api_token: Option<String>,
    username: Option<String>,
    password: Option<String>,
    otp: Option<String>,
    ca_certificate: Option<String>,
    fingerprints: Vec<String>,
    insecure: bool,
    reads: Option<u32>,
    heavy: Option<u32>,
    owner: String,
}

/// A value from the configuration, else from the environment; `Err` when it is not known yet.
fn text(field: &Field<String>, env: Environment<'_>, variable: &str) -> Result<Option<String>, ()> {
    match field {
        Field::Unknown => Err(()),
        Field::Known(text) => Ok(Some(text.clone())),
        Field::Null => Ok(env(variable).filter(|text| !text.is_empty())),
    }
}

fn texts(field: &Field<Vec<Field<String>>>) -> Result<Vec<String>, ()> {
    match field {
        Field::Unknown => Err(()),
        Field::Null => Ok(Vec::new()),
        Field::Known(items) => {
            items.iter().map(|item| item.known().cloned().ok_or(())).collect::<Result<_, _>>()
        }
    }
}

impl Settings {
    /// `None` when something is not known yet.
    fn gather(given: &ProviderConfigPartial, env: Environment<'_>) -> Option<Self> {
        let gather = || -> Result<Self, ()> {
            let mut endpoints = texts(&given.endpoints)?;
            if endpoints.is_empty() {
                let listed = env("PROXMOX_VE_ENDPOINT").unwrap_or_default();
                endpoints = listed
                    .split(',')
                    .map(str::trim)
                    .filter(|text| !text.is_empty())
                    .map(str::to_owned)
                    .collect();
            }
            let insecure = match &given.insecure {
                Field::Unknown => return Err(()),
                Field::Known(insecure) => *insecure,
                Field::Null => {
                    env("PROXMOX_VE_INSECURE").is_some_and(|text| matches!(text.as_str(), "1" | "true"))
                }
            };
            let (reads, heavy) = match &given.concurrency {
                Field::Unknown => return Err(()),
                Field::Null => (None, None),
                Field::Known(limits) => (limits.reads.known().copied(), limits.heavy.known().copied()),
            };
            let mut api_token = text(&given.api_token, env, "PROXMOX_VE_API_TOKEN")?;
            let username = text(&given.username, env, "PROXMOX_VE_USERNAME")?;
            // A user in the configuration means not to use the token of the environment.
            if given.username.known().is_some() && given.api_token.is_null() {
                api_token = None;
            }
            Ok(Self {
                endpoints,
                api_token,
                username,
                password: text(&given.password, env, "PROXMOX_VE_PASSWORD")?,
                otp: text(&given.otp, env, "PROXMOX_VE_OTP")?,
                ca_certificate: text(&given.ca_certificate, env, "PROXMOX_VE_CA_CERTIFICATE")?,
                fingerprints: texts(&given.fingerprints)?,
                insecure,
                reads,
                heavy,
                owner: text(&given.owner, env, "HYBRIDOPS_OWNER")?.unwrap_or_else(|| default_owner(env)),
            })
        };
        gather().ok()
    }

    fn into_config(self) -> Result<Config> {
        if self.endpoints.is_empty() {
            return Err(Diagnostics::error_at(
                section(),
                "The provider has no `proxmox` section",
                "This object lives on Proxmox VE, but no cluster is configured. Add `proxmox = { endpoints = [\"https://…:8006\"], \
                 api_token = … }` to the provider \"hybridops\" block, or set PROXMOX_VE_ENDPOINT and PROXMOX_VE_API_TOKEN.",
            ));
        }
        let trust = self.trust()?;
        let credentials = match (self.api_token, self.username, self.password) {
            (Some(token), ..) => Credentials::ApiToken(Secret::new(token)),
            (None, Some(username), Some(password)) => Credentials::Password {
                username,
                password: Secret::new(password),
                otp: self.otp.map(Secret::new),
            },
            (None, ..) => {
                return Err(Diagnostics::error_at(
                    section().attribute("api_token"),
                    "No way to log in to Proxmox VE",
                    "Set `api_token` (or PROXMOX_VE_API_TOKEN), or `username` and `password` (or PROXMOX_VE_USERNAME and \
                     PROXMOX_VE_PASSWORD).",
                ));
            }
        };
        let usual = Config::CONCURRENCY;
        let width = |set: Option<u32>, usual: usize| {
            set.and_then(|width| usize::try_from(width).ok()).unwrap_or(usual)
        };
        let concurrency =
            Widths { reads: width(self.reads, usual.reads), heavy: width(self.heavy, usual.heavy) };
        Ok(Config { endpoints: self.endpoints, credentials, trust, concurrency })
    }

    fn trust(&self) -> Result<Trust> {
        if self.insecure {
            return Ok(Trust::Insecure);
        }
        if !self.fingerprints.is_empty() {
            let pins: Result<Vec<Fingerprint>, _> =
                self.fingerprints.iter().map(|text| text.parse()).collect();
            return pins.map(Trust::Pins).map_err(|error| {
                let path = section().attribute("fingerprints");
                Diagnostics::error_at(path, "A fingerprint cannot be read", format!("{error}."))
            });
        }
        match &self.ca_certificate {
            None => Ok(Trust::System),
            Some(pem) if pem.contains("-----BEGIN") => Ok(Trust::CaPem(pem.clone())),
            Some(path) => std::fs::read_to_string(path).map(Trust::CaPem).map_err(|error| {
                Diagnostics::error_at(
                    section().attribute("ca_certificate"),
                    "The CA certificate cannot be read",
                    format!("It is neither PEM text nor a readable file ({path}): {error}."),
                )
            }),
        }
    }
}
