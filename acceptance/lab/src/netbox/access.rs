//! Who asks, and what they may: tokens, users, groups, object permissions.

use http::HeaderMap;
use serde_json::{Value, json};

use super::net::Net;
use super::refusal::Refusal;
use super::store::{Object, Store};
use super::table::TypeId;

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Principal {
    pub(crate) user: u64,
    pub(crate) name: String,
    superuser: bool,
    /// Whether the token may write.
    pub(crate) writes: bool,
}

/// What may be done with a type: nothing, or the objects that fit one of these conditions.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    conditions: Vec<Value>,
}

fn refused(text: &str) -> Refusal {
    Refusal::detail(403, text)
}

/// The token in an `Authorization` header, looked up.
pub(crate) fn authenticate(store: &Store, headers: &HeaderMap, client: &str) -> Result<Principal, Refusal> {
    let header = headers.get(http::header::AUTHORIZATION).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let mut words = header.split_whitespace();
    let scheme = words.next().unwrap_or_default().to_lowercase();
    let known = scheme == "token" || (scheme == "bearer" && store.table.version.has_v2_tokens());
    if !known {
        return Err(refused("Authentication credentials were not provided."));
    }
    let (Some(secret), None) = (words.next(), words.next()) else {
        return Err(refused(
            "Invalid authorization header: Must be in the form \"Bearer <key>.<token>\" or \"Token <token>\"",
        ));
    };
    let old = !store.table.version.has_v2_tokens();
    let tokens = store.table.by_path("users/tokens").ok_or_else(|| refused("Invalid token"))?;
    let wrong = |version: u8| {
        if old { refused("Invalid token") } else { refused(&format!("Invalid v{version} token")) }
    };
    let token = match secret.strip_prefix("nbt_").filter(|_| !old) {
        Some(v2) => {
            let Some((key, plain)) = v2.split_once('.') else {
                return Err(refused("Invalid authorization header: Could not parse key from v2 token"));
            };
            let fits = |o: &&std::sync::Arc<Object>| o.text("key") == key && o.text("_plaintext") == plain;
            store.all(tokens).find(fits).ok_or_else(|| wrong(2))?
        }
        None => {
            let fits = |o: &&std::sync::Arc<Object>| {
                o.text("_plaintext") == secret && o.key("version").is_none_or(|v| v == 1)
            };
            store.all(tokens).find(fits).ok_or_else(|| wrong(1))?
        }
    };
    check(store, token, client)
}

fn check(store: &Store, token: &Object, client: &str) -> Result<Principal, Refusal> {
    let allowed: Vec<Net> = token
        .get("allowed_ips")
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|v| Net::parse(v.as_str()?))
        .collect();
    let inside = Net::parse(client).is_some_and(|c| allowed.iter().any(|a| a.covers(c)));
    if !allowed.is_empty() && !inside {
        return Err(refused(&format!(
            "Source IP {client} is not permitted to authenticate using this token."
        )));
    }
    if token.get("enabled") == false {
        return Err(refused("Token disabled"));
    }
    let now = super::render::moment(store_now());
    if token.get("expires").as_str().is_some_and(|e| e < now.as_str()) {
        return Err(refused("Token expired"));
    }
    let users = store.table.by_path("users/users").ok_or_else(|| refused("User inactive"))?;
    let user = token.key("user").and_then(|id| store.get(users, id));
    let user = user.filter(|u| u.get("is_active") != false).ok_or_else(|| refused("User inactive"))?;
    Ok(of_user(user, token.get("write_enabled") != false))
}

fn store_now() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_micros()).unwrap_or(u64::MAX)
}

/// A user as one who asks.
pub(crate) fn of_user(user: &Object, writes: bool) -> Principal {
    let superuser = user.get("_superuser") == true;
    Principal { user: user.id, name: user.text("username").to_owned(), superuser, writes }
}

impl Principal {
    /// What this one may do with a type.
    pub(crate) fn grant(&self, store: &Store, kind: TypeId, action: &str) -> Option<Grant> {
        if self.superuser {
            return Some(Grant { conditions: vec![Value::Null] });
        }
        let (users, permissions) =
            (store.table.by_path("users/users")?, store.table.by_path("users/permissions")?);
        let groups = store.get(users, self.user).map(|u| u.keys("groups")).unwrap_or_default();
        let model = store.kind(kind).facts.model.as_str();
        let mine = |p: &Object| {
            p.keys("users").contains(&self.user) || p.keys("groups").iter().any(|g| groups.contains(g))
        };
        let lists = |v: &Value, wanted: &str| v.as_array().is_some_and(|l| l.iter().any(|x| x == wanted));
        let mut conditions = Vec::new();
        for p in store.all(permissions).filter(|p| p.get("enabled") != false && mine(p)) {
            if lists(p.get("object_types"), model) && lists(p.get("actions"), action) {
                match p.get("constraints") {
                    Value::Array(list) => conditions.extend(list.iter().cloned()),
                    one => conditions.push(one.clone()),
                }
            }
        }
        (!conditions.is_empty()).then_some(Grant { conditions })
    }

    /// What a request with this method needs, or 403.
    pub(crate) fn need(&self, store: &Store, kind: TypeId, method: &str) -> Result<Grant, Refusal> {
        let action = match method {
            "POST" => "add",
            "PUT" | "PATCH" => "change",
            "DELETE" => "delete",
            _ => "view",
        };
        if action != "view" && !self.writes {
            return Err(Refusal::forbidden());
        }
        self.grant(store, kind, action).ok_or_else(Refusal::forbidden)
    }
}

impl Grant {
    /// Whether an object is among those granted.
    pub(crate) fn covers(&self, store: &Store, kind: TypeId, object: &Object) -> bool {
        self.conditions.iter().any(|condition| match condition {
            Value::Object(map) => map.iter().all(|(path, value)| {
                super::filter::holds(store, kind, object, &path.replace("__", "."), value)
            }),
            _ => true,
        })
    }

    pub(crate) fn is_total(&self) -> bool {
        self.conditions.iter().any(|c| c.as_object().is_none_or(serde_json::Map::is_empty))
    }
}

/// Random letters and digits.
pub(crate) fn random_text(length: usize) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut text = String::with_capacity(length);
    while text.len() < length {
        let mut bits = crate::pve::guest::random();
        for _ in 0..8 {
            let at = usize::try_from(bits % 62).unwrap_or_default();
            text.push(LETTERS.get(at).copied().map_or('x', char::from));
            bits /= 62;
        }
    }
    text.truncate(length);
    text
}

/// What a new token keeps and shows.
pub(crate) fn new_token(store: &Store, data: &mut serde_json::Map<String, Value>) {
    let old = !store.table.version.has_v2_tokens();
    let sent = if old { "key" } else { "token" };
    let secret = data.get(sent).and_then(Value::as_str).filter(|s| !s.is_empty()).map(str::to_owned);
    let secret = secret.unwrap_or_else(|| if old { random_hex(40) } else { random_text(40) });
    data.insert("_plaintext".to_owned(), json!(secret));
    if old {
        data.insert("key".to_owned(), json!(secret));
        return;
    }
    data.insert("token".to_owned(), json!(secret));
    let version = data.get("version").and_then(Value::as_u64).unwrap_or(2);
    data.insert("version".to_owned(), json!(version));
    if version == 2 {
        data.insert("key".to_owned(), json!(random_text(12)));
        data.insert("pepper_id".to_owned(), json!(1));
    } else {
        data.insert("key".to_owned(), Value::Null);
        data.insert("pepper_id".to_owned(), Value::Null);
    }
}

/// Random hexadecimal digits.
pub(crate) fn random_hex(length: usize) -> String {
    let mut text = String::new();
    while text.len() < length {
        text.push_str(&format!("{:016x}", crate::pve::guest::random()));
    }
    text.truncate(length);
    text
}

impl Grant {
    /// Everything.
    pub(crate) fn all() -> Self {
        Self { conditions: vec![Value::Null] }
    }
}
