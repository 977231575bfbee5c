//! `hybridops_netbox_token`.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use catalogue::description::Version;
use catalogue::store::Scope;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use tf_framework::{
    Computed, Diagnostic, Diagnostics, EphemeralContext, EphemeralResource, Field, Model, Opened, Path,
    Renewed, Result, Sensitive, Value,
};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use transport_rest::{Budget, Secret};

use crate::api::{Deleted, Error, NetBox, Object};
use crate::client::{Client, budget};
use crate::resources::{failed, reference_on_wire};

/// Where tokens live.
const TOKENS: &str = "users/tokens";
/// Where anyone with a password gets one.
const PROVISION: &str = "users/tokens/provision";
/// The first version with tokens of version 2.
const SECOND: Version = Version::new(4, 5);
/// How long a token lives where it is not said.
const USUAL: Duration = Duration::from_secs(60 * 60);
/// A token that is about to expire is prolonged this long before, or at half of its life.
const MARGIN: Duration = Duration::from_secs(5 * 60);

/// An API token of NetBox that lives for one run: it is made when the run needs it, prolonged while the run goes on,
/// and deleted when it ends. It is in no plan, no state and no log. A run that is killed leaves a token that expires by
/// itself.
///
/// With `username` and `password` anyone gets a token of their own; the provider then needs a URL only. Without them the
/// provider's own token makes one, which needs the permission to add tokens.
#[derive(Debug, Clone, Model)]
pub struct Token {
    /// Whose token it is, proven by `password`.
    #[attr(validate(length(1..), required_with(password)))]
    pub username: Option<String>,
    /// The password.
    #[attr(validate(required_with(username)))]
    pub password: Option<Sensitive<String>>,
    /// Whose token the provider's own token makes: a user's id or name. Its own user where it is not set.
    #[attr(validate(length(1..)))]
    pub user: Option<String>,
    /// 2, or 1 for the older form, which is all that NetBox has before 4.5. The newest that the server has where it is
    /// not set.
    #[attr(validate(range(1..=2)))]
    pub version: Option<u8>,
    /// How long the token lives at most unless it is prolonged, `15m` for example; an hour where it is not set.
    #[attr(validate(custom(check_life, "a duration of at least a minute such as `15m`")))]
    pub expires_in: Option<String>,
    /// Whether the token may change things; it may where this is not set.
    pub write_enabled: Option<bool>,
    /// Networks the token may be used from; any where it is not set. Only without `username`.
    #[attr(validate(conflicts_with(username)))]
    pub allowed_ips: Option<BTreeSet<String>>,
    /// What the token is for.
    #[attr(validate(length(..=200)))]
    pub description: Option<String>,
    /// Id of the token.
    pub id: Computed<u64>,
    /// Key of a token of version 2, by which NetBox lists it. Not a secret.
    pub key: Computed<Option<String>>,
    /// When it expires unless it is prolonged.
    pub expires: Computed<String>,
    /// The token, as `netbox.token` of a provider takes it.
    #[attr(sensitive)]
    pub token: Computed<Sensitive<String>>,
    /// The value of the `Authorization` header.
    #[attr(sensitive)]
    pub authorization: Computed<Sensitive<String>>,
}

/// What prolonging and deleting need to know. Terraform keeps it in its memory for the run.
#[derive(Default, Serialize, Deserialize)]
pub struct Lease {
    id: u64,
    /// The token itself, which may delete itself.
    token: String,
    life: Duration,
    write_enabled: bool,
    /// Whether the provider has a token of its own that made it.
    by_provider: bool,
}

fn check_life(value: &Value) -> Result<(), String> {
    match value.as_str().map(life) {
        Some(None) => Err("must be a duration of at least a minute such as \"15m\"".to_owned()),
        _ => Ok(()),
    }
}

/// Reads `1h30m`.
fn life(text: &str) -> Option<Duration> {
    let mut total = Duration::ZERO;
    let mut rest = text.trim();
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let count: u64 = rest.get(..digits)?.parse().ok()?;
        let unit = match rest.get(digits..=digits)? {
            "s" => 1,
            "m" => 60,
            "h" => 60 * 60,
            "d" => 24 * 60 * 60,
            _ => return None,
        };
        total = total.checked_add(Duration::from_secs(count.checked_mul(unit)?))?;
        rest = rest.get(digits + 1..)?;
    }
    (total >= Duration::from_secs(60) && total <= Duration::from_secs(3_650 * 24 * 60 * 60)).then_some(total)
}

impl EphemeralResource for Token {
    const NAME: &'static str = "netbox_token";
    const SUBCATEGORY: &'static str = "NetBox";
    type Client = Client;
    type Private = Lease;

    fn validate(config: &TokenPartial, diagnostics: &mut Diagnostics) {
        if let (false, Field::Known(_)) = (config.username.is_null(), &config.user) {
            let detail = "With username and password the token is that user's own.";
            let at = Path::root().attribute("user");
            diagnostics.push(Diagnostic::error("user cannot be set", detail).at(at));
        }
    }

    async fn open(cx: &mut EphemeralContext<Self>, config: Self) -> Result<Opened<Self, Lease>> {
        let client = cx.client()?;
        let budget = budget(&Scope::of(cx));
        let what = "Making a token failed";
        let version = client.api.version(&budget).await.map_err(|error| failed(what, error))?;
        let form = form(config.version, version)?;
        let life = config.expires_in.as_deref().and_then(life).unwrap_or(USUAL);
        let body = body(&config, form, life, version);
        let made = make(&client.api, &config, body, &budget).await?;
        let secret = plaintext(&made).ok_or_else(|| {
            Diagnostics::error(
                what,
                "NetBox made a token and did not show it. Delete it there, and use another version.",
            )
        })?;
        let lease = Lease {
            id: made.id,
            token: secret.clone(),
            life,
            write_enabled: config.write_enabled.unwrap_or(true),
            by_provider: config.username.is_none(),
        };
        let key = made.fields.get("key").and_then(Json::as_str).filter(|_| form == 2);
        let scheme = if form == 2 { "Bearer" } else { "Token" };
        let value = Self {
            id: made.id.into(),
            key: Computed::Known(key.map(str::to_owned)),
            expires: Computed::Known(expiry(life)),
            authorization: Sensitive::new(format!("{scheme} {secret}")).into(),
            token: Sensitive::new(secret).into(),
            ..config
        };
        Ok(Opened { value, renew_at: Some(SystemTime::now() + wait(life)), private: lease })
    }

    async fn renew(cx: &mut EphemeralContext<Self>, lease: Lease) -> Result<Renewed<Lease>> {
        let client = cx.client()?;
        let budget = budget(&Scope::of(cx));
        let mut last = None;
        for api in keepers(&client, &lease)? {
            let body = object(json!({ "expires": expiry(lease.life) }));
            match api.update(TOKENS, lease.id, body, None, &budget).await {
                Ok(_) => {
                    return Ok(Renewed {
                        renew_at: Some(SystemTime::now() + wait(lease.life)),
                        private: lease,
                    });
                }
                Err(error) => last = Some(error),
            }
        }
        let why = last.map(|error| error.to_string()).unwrap_or_default();
        cx.warn(Diagnostic::warning(
            "The token cannot be prolonged",
            format!("It expires as it was made: {why}. Set a longer `expires_in`."),
        ));
        Ok(Renewed { renew_at: None, private: lease })
    }

    async fn close(cx: &mut EphemeralContext<Self>, lease: Lease) -> Result<()> {
        let client = cx.client()?;
        let budget = budget(&Scope::of(cx));
        let mut last = None;
        for api in keepers(&client, &lease)? {
            match api.delete(TOKENS, lease.id, None, &budget).await {
                Ok(Deleted::Deleted | Deleted::WasGone) => return Ok(()),
                Err(error) => last = Some(error),
            }
        }
        let why = last.map(|error| error.to_string()).unwrap_or_default();
        cx.warn(Diagnostic::warning(
            "The token could not be deleted",
            format!("Token {} stays in NetBox until it expires: {why}.", lease.id),
        ));
        Ok(())
    }
}

/// The version of the token.
fn form(wanted: Option<u8>, version: Version) -> Result<u8> {
    match wanted {
        None => Ok(if version >= SECOND { 2 } else { 1 }),
        Some(2) if version < SECOND => Err(Diagnostics::error_at(
            Path::root().attribute("version"),
            "The server has no such tokens",
            format!("NetBox has tokens of version 2 from {SECOND} on; this server is version {version}."),
        )),
        Some(form) => Ok(form),
    }
}

fn body(config: &Token, form: u8, life: Duration, version: Version) -> Map<String, Json> {
    let mut body = object(json!({
        "expires": expiry(life),
        "write_enabled": config.write_enabled.unwrap_or(true),
        "description": config.description.clone().unwrap_or_default(),
    }));
    if version >= SECOND {
        body.insert("version".to_owned(), form.into());
    }
    if let Some(ips) = &config.allowed_ips {
        body.insert("allowed_ips".to_owned(), ips.iter().cloned().collect());
    }
    body
}

async fn make(api: &NetBox, config: &Token, mut body: Map<String, Json>, budget: &Budget) -> Result<Object> {
    let what = "Making a token failed";
    if let (Some(username), Some(password)) = (&config.username, &config.password) {
        // A token that the provider shows would be checked first, and a bad one refused.
        let stranger = api.with_token(None).map_err(|error| Diagnostics::error(what, error.to_string()))?;
        body.insert("username".to_owned(), username.clone().into());
        body.insert("password".to_owned(), password.expose().clone().into());
        return stranger.create(PROVISION, body, None, budget).await.map_err(|error| refused(what, error));
    }
    let user = match &config.user {
        Some(user) => reference_on_wire(user, "users/users"),
        None => own_user(api, budget).await?.into(),
    };
    body.insert("user".to_owned(), user);
    api.create(TOKENS, body, None, budget).await.map_err(|error| failed(what, error))
}

fn refused(what: &str, error: Error) -> Diagnostics {
    let mut told = failed(what, error);
    told.push(Diagnostic::warning(
        "A token for a user needs the right password",
        "NetBox refuses a wrong name, a wrong password and an inactive user in the same way.",
    ));
    told
}

/// The user whose token the provider shows.
async fn own_user(api: &NetBox, budget: &Budget) -> Result<u64> {
    let asked =
        api.own_user(budget).await.map_err(|error| failed("Finding the token's user failed", error))?;
    asked.ok_or_else(|| {
        Diagnostics::error_at(
            Path::root().attribute("user"),
            "The server does not tell whose the provider's token is",
            "Older servers do not tell it. Set `user`, or `username` and `password`.",
        )
    })
}

/// The token in the form that a client shows.
fn plaintext(made: &Object) -> Option<String> {
    let text = |key: &str| made.fields.get(key).and_then(Json::as_str).filter(|text| !text.is_empty());
    match (text("token"), text("key")) {
        (Some(token), Some(key)) if made.fields.get("version").and_then(Json::as_u64) == Some(2) => {
            Some(format!("nbt_{key}.{token}"))
        }
        (Some(token), _) => Some(token.to_owned()),
        // Before there were two versions the key was the secret.
        (None, Some(key)) if !made.fields.contains_key("version") => Some(key.to_owned()),
        _ => None,
    }
}

/// Who may prolong and delete the token, the likeliest first: itself, unless it may only read, and the provider.
fn keepers(client: &Client, lease: &Lease) -> Result<Vec<NetBox>> {
    let itself = client.api.with_token(Some(Secret::new(lease.token.clone())));
    let itself = itself.map_err(|error| Diagnostics::error("The token cannot be sent", error.to_string()))?;
    let itself = Some(itself).filter(|_| lease.write_enabled);
    let provider = Some(client.api.clone());
    Ok(match lease.by_provider {
        true => provider.into_iter().chain(itself).collect(),
        false => itself.into_iter().chain(provider).collect(),
    })
}

fn expiry(life: Duration) -> String {
    let moment = OffsetDateTime::now_utc() + life;
    let whole = moment.replace_nanosecond(0).unwrap_or(moment);
    whole.format(&Rfc3339).unwrap_or_default()
}

fn wait(life: Duration) -> Duration {
    life.saturating_sub(MARGIN).max(life / 2)
}

fn object(json: Json) -> Map<String, Json> {
    match json {
        Json::Object(fields) => fields,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lives_are_at_least_a_minute() {
        assert_eq!(life("15m"), Some(Duration::from_secs(900)));
        assert_eq!(life("1h30m"), Some(Duration::from_secs(5_400)));
        for bad in ["", "15", "m", "59s", "1y", "-1h", "99999999999999999999h", "é"] {
            assert_eq!(life(bad), None, "{bad}");
        }
    }

    #[test]
    fn tokens_of_each_version_are_put_together() {
        let made = |json: Json| plaintext(&Object::from_json(json).unwrap());
        let second = json!({"id": 1, "version": 2, "key": "k", "token": "t"});
        assert_eq!(made(second).as_deref(), Some("nbt_k.t"));
        assert_eq!(made(json!({"id": 1, "version": 1, "key": null, "token": "t"})).as_deref(), Some("t"));
        assert_eq!(made(json!({"id": 1, "key": "k"})).as_deref(), Some("k"));
        assert_eq!(made(json!({"id": 1, "version": 2, "key": "k", "token": null})), None);
    }

    #[test]
    fn nothing_shows_the_secret() {
        let token = Token {
            username: Some("u".into()),
            password: Some(Sensitive::new("canary".into())),
            user: None,
            version: None,
            expires_in: None,
            write_enabled: None,
            allowed_ips: None,
            description: None,
            id: Computed::Unknown,
            key: Computed::Unknown,
            expires: Computed::Unknown,
            token: Sensitive::new("canary".to_owned()).into(),
            authorization: Sensitive::new("Bearer canary".to_owned()).into(),
        };
        assert!(!format!("{token:?}").contains("canary"));
    }
}
