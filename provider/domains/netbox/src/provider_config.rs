//! The `netbox` section of the provider's configuration.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use catalogue::json::from_value;
use catalogue::store::{Body, Defaults};
use serde_json::Value as Json;
use tf_framework::{Diagnostics, Field, GoDuration, Model, Result, Sensitive};
use tf_value::{Path, Value};
use transport_rest::{Fingerprint, Secret, Trust, Url};

use crate::api::{Prefetch, Settings, Throughput};
use crate::client::Client;

/// How a NetBox is reached, and what is put on everything made there.
#[derive(Debug, Clone, Model)]
pub struct ProviderConfig {
    /// Address of the server: `https://netbox.example.com`. Also `NETBOX_SERVER_URL`.
    pub url: Option<String>,
    /// API token, of version 1 or 2 (`nbt_…`). Also `NETBOX_API_TOKEN`.
    pub token: Option<Sensitive<String>>,
    /// Schema id of a branch (of the netbox-branching plugin) that everything is read from and written to. Use one
    /// provider alias for each branch. Also `NETBOX_BRANCH`.
    pub branch: Option<String>,
    /// Recorded in NetBox's changelog with every change (4.4 and later): a run, a ticket. Also
    /// `NETBOX_CHANGELOG_MESSAGE`.
    pub changelog_message: Option<String>,
    /// Headers sent with every request: what a proxy before the server asks for.
    pub headers: Option<Sensitive<BTreeMap<String, String>>>,
    /// PEM text of the authority that signed the server's certificate. Also `NETBOX_CA_CERTIFICATE`, which may be a
    /// path. The system's authorities unless set.
    #[attr(validate(conflicts_with(fingerprints)))]
    pub ca_certificate: Option<String>,
    /// SHA-256 fingerprints of the server's certificate; nothing else is trusted then.
    pub fingerprints: Option<Vec<String>>,
    /// Accepts any certificate, said with a warning. For a laboratory. Also `NETBOX_INSECURE`.
    pub insecure: Option<bool>,
    /// Requests under way at once.
    pub concurrency: Option<Concurrency>,
    /// Requests a second at most, of all kinds together. No limit where it is left out.
    pub requests_per_second: Option<f64>,
    /// Whether to fetch the neighbours of objects that are read one by one. On unless set: a refresh of a thousand
    /// objects takes a handful of requests.
    pub prefetch: Option<bool>,
    /// How long a deletion waits for objects that are in its way and are being deleted too, counted from the last one
    /// that went. 10 seconds unless set.
    pub delete_wait: Option<GoDuration>,
    /// What is put on every object that can have it, unless the object says otherwise.
    pub defaults: Option<DefaultsConfig>,
    /// Slugs of tags of others, which are neither shown nor removed.
    pub ignore_tags: Option<BTreeSet<String>>,
}

/// Requests under way at once.
#[derive(Debug, Clone, Model)]
pub struct Concurrency {
    /// Requests that read.
    #[attr(default = 8, validate(range(1..=64)))]
    pub reads: u32,
    /// Requests that write.
    #[attr(default = 4, validate(range(1..=64)))]
    pub writes: u32,
}

/// What is put on every object.
#[derive(Debug, Clone, Model)]
pub struct DefaultsConfig {
    /// The tenant: an id, a slug, or attributes that single it out.
    pub tenant: Option<Value>,
    /// The owner (4.5 and later): an id, a name, or attributes that single it out.
    pub owner: Option<Value>,
    /// Slugs of tags. Those of the provider's `cost_tags` need not be named.
    pub tags: Option<BTreeSet<String>>,
    /// Custom fields. They are written when an object is made, and come back when the configuration of an object no
    /// longer sets them.
    pub custom_fields: Option<Value>,
}

/// Reads a variable of the environment. A function, so that tests need not touch the real one.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

fn section() -> Path {
    Path::root().attribute("netbox")
}

fn wrong(attribute: &str, summary: &str, detail: String) -> Diagnostics {
    Diagnostics::error_at(section().attribute(attribute), summary, detail)
}

/// What is not known yet.
struct NotKnown;

/// A value from the configuration, else from the environment.
fn text(field: &Field<String>, env: Environment<'_>, variable: &str) -> Result<Option<String>, NotKnown> {
    match field {
        Field::Unknown => Err(NotKnown),
        Field::Known(text) => Ok(Some(text.clone())),
        Field::Null => Ok(env(variable).filter(|text| !text.is_empty())),
    }
}

fn known<T: Clone>(field: &Field<T>) -> Result<Option<T>, NotKnown> {
    match field {
        Field::Unknown => Err(NotKnown),
        Field::Null => Ok(None),
        Field::Known(value) => Ok(Some(value.clone())),
    }
}

fn known_all<T: Clone>(items: Option<impl IntoIterator<Item = Field<T>>>) -> Result<Vec<T>, NotKnown> {
    items.into_iter().flatten().map(|item| known(&item)?.ok_or(NotKnown)).collect()
}

impl ProviderConfig {
    /// The client of the configured server: `None` while the configuration is not wholly known. `cost_tags` are slugs
    /// that are put on everything, under what the slug of every tag about the same fact begins with; `None` while they
    /// are not known.
    ///
    /// # Errors
    /// The section is missing or cannot work; says which attribute and which variable.
    pub fn client(
        config: &Field<ProviderConfigPartial>,
        cost_tags: Option<BTreeMap<String, String>>,
        env: Environment<'_>,
    ) -> Result<Option<Arc<Client>>> {
        let unset = ProviderConfigPartial::default();
        let given = match config {
            Field::Unknown => return Ok(None),
            Field::Null => &unset,
            Field::Known(given) => given,
        };
        let Ok(gathered) = Gathered::from(given, env) else { return Ok(None) };
        let defaults = with_cost_tags(gathered.defaults.clone(), cost_tags);
        Client::new(gathered.settings()?, defaults).map(|client| Some(Arc::new(client))).map_err(|error| {
            Diagnostics::error_at(section(), "The `netbox` section cannot work", format!("{error}."))
        })
    }
}

/// Configuration and environment together; the configuration wins.
struct Gathered {
    url: Option<String>,
    token: Option<String>,
    branch: Option<String>,
    changelog_message: Option<String>,
    headers: BTreeMap<String, String>,
    ca_certificate: Option<String>,
    fingerprints: Vec<String>,
    insecure: bool,
    throughput: Throughput,
    prefetch: bool,
    delete_wait: Option<Duration>,
    defaults: Defaults,
}

impl Gathered {
    fn from(given: &ProviderConfigPartial, env: Environment<'_>) -> Result<Self, NotKnown> {
        let insecure = known(&given.insecure)?.unwrap_or_else(|| {
            env("NETBOX_INSECURE").is_some_and(|text| matches!(text.as_str(), "1" | "true"))
        });
        let usual = Throughput::default();
        let (reads, writes) = match &given.concurrency {
            Field::Unknown => return Err(NotKnown),
            Field::Null => (None, None),
            Field::Known(limits) => (limits.reads.known().copied(), limits.writes.known().copied()),
        };
        let width =
            |set: Option<u32>, usual: usize| set.and_then(|set| usize::try_from(set).ok()).unwrap_or(usual);
        let headers = known(&given.headers)?.unwrap_or_default();
        Ok(Self {
            url: text(&given.url, env, "NETBOX_SERVER_URL")?,
            token: text(&given.token, env, "NETBOX_API_TOKEN")?,
            branch: text(&given.branch, env, "NETBOX_BRANCH")?,
            changelog_message: text(&given.changelog_message, env, "NETBOX_CHANGELOG_MESSAGE")?,
            headers: headers
                .into_iter()
                .map(|(name, value)| Ok((name, known(&value)?.ok_or(NotKnown)?)))
                .collect::<Result<_, NotKnown>>()?,
            ca_certificate: text(&given.ca_certificate, env, "NETBOX_CA_CERTIFICATE")?,
            fingerprints: known_all(known(&given.fingerprints)?)?,
            insecure,
            throughput: Throughput {
                reads: width(reads, usual.reads),
                writes: width(writes, usual.writes),
                requests_per_second: known(&given.requests_per_second)?,
            },
            prefetch: known(&given.prefetch)?.unwrap_or(true),
            delete_wait: known(&given.delete_wait)?.map(|wait| wait.length()),
            defaults: defaults(given)?,
        })
    }

    fn settings(self) -> Result<Settings> {
        let Some(url) = &self.url else {
            return Err(Diagnostics::error_at(
                section(),
                "The provider has no `netbox` section",
                "This object lives in NetBox, but no server is configured. Add `netbox = { url = \"https://…\", token = … \
                 }` to the provider \"hybridops\" block, or set NETBOX_SERVER_URL and NETBOX_API_TOKEN.",
            ));
        };
        let url: Url = url.parse().map_err(|error| {
            wrong("url", "The URL cannot be read", format!("{url:?} is not a URL: {error}."))
        })?;
        let mut settings = Settings::new(url);
        settings.trust = self.trust()?;
        settings.token = self.token.map(Secret::new);
        settings.branch = self.branch;
        settings.changelog_message = self.changelog_message;
        settings.headers = self.headers.into_iter().map(|(name, value)| (name, Secret::new(value))).collect();
        settings.throughput = self.throughput;
        settings.prefetch = Prefetch { enabled: self.prefetch, ..Prefetch::default() };
        if let Some(wait) = self.delete_wait {
            settings.delete_patience = wait;
        }
        Ok(settings)
    }

    fn trust(&self) -> Result<Trust> {
        if self.insecure {
            return Ok(Trust::Insecure);
        }
        if !self.fingerprints.is_empty() {
            let pins: Result<Vec<Fingerprint>, _> =
                self.fingerprints.iter().map(|text| text.parse()).collect();
            return pins
                .map(Trust::Pins)
                .map_err(|error| wrong("fingerprints", "A fingerprint cannot be read", format!("{error}.")));
        }
        match &self.ca_certificate {
            None => Ok(Trust::System),
            Some(pem) if pem.contains("-----BEGIN") => Ok(Trust::CaPem(pem.clone())),
            Some(path) => std::fs::read_to_string(path).map(Trust::CaPem).map_err(|error| {
                let detail = format!("It is neither PEM text nor a readable file ({path}): {error}.");
                wrong("ca_certificate", "The CA certificate cannot be read", detail)
            }),
        }
    }
}

fn defaults(given: &ProviderConfigPartial) -> Result<Defaults, NotKnown> {
    let ignored_tags = known_all(known(&given.ignore_tags)?)?;
    let Some(given) = known(&given.defaults)? else {
        return Ok(Defaults { ignored_tags, ..Defaults::default() });
    };
    let mut fields = BTreeMap::new();
    for (name, field) in [("tenant", &given.tenant), ("owner", &given.owner)] {
        match known(field)? {
            Some(value) if !value.is_wholly_known() => return Err(NotKnown),
            Some(value) if !value.is_null() => {
                fields.insert(name.to_owned(), value);
            }
            _ => {}
        }
    }
    let custom_fields = match known(&given.custom_fields)? {
        Some(value) if !value.is_wholly_known() => return Err(NotKnown),
        Some(value) => match from_value(&value) {
            Json::Object(members) => members,
            _ => Body::new(),
        },
        None => Body::new(),
    };
    let tags = known_all(known(&given.tags)?)?;
    Ok(Defaults { fields, tags, custom_fields, ignored_tags, ..Defaults::default() })
}

/// A fact that the default tags state is not stated again.
fn with_cost_tags(defaults: Defaults, cost_tags: Option<BTreeMap<String, String>>) -> Defaults {
    let fact_tags_unknown = cost_tags.is_none();
    let mut fact_tags = cost_tags.unwrap_or_default();
    fact_tags.retain(|prefix, _| !defaults.tags.iter().any(|tag| tag.starts_with(prefix)));
    Defaults { fact_tags, fact_tags_unknown, ..defaults }
}
