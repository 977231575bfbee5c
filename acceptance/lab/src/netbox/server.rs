//! A running stand-in, and the handles tests have on it.

use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};

use http::HeaderMap;
use serde_json::{Map, Value, json};

use super::access;
use super::dispatch::{self, Answer, Request};
use super::page::Sizes;
use super::refusal::Refusal;
use super::store::{Object, Store};
use super::table::Table;
use super::version::NetBoxVersion;
use super::write::administrator;
use crate::faults::Faults;
use crate::journal::Journal;

/// How to set a NetBox stand-in up.
#[derive(Debug, Clone)]
pub struct NetBoxConfig {
    /// Version to play.
    pub version: NetBoxVersion,
    /// Port; random where `None`.
    pub port: Option<u16>,
    /// Token of the administrator; random where `None`. One that begins with `nbt_` is a v2 token (4.5 and later).
    pub token: Option<String>,
    /// Password of the user `admin`.
    pub password: String,
    /// Objects a page has that asks for no number.
    pub page_size: usize,
    /// Most objects a page has.
    pub max_page_size: usize,
}

impl Default for NetBoxConfig {
    fn default() -> Self {
        Self {
            version: NetBoxVersion::default(),
            port: None,
            token: None,
            password: "lab-admin-password".to_owned(),
            page_size: 50,
            max_page_size: 1000,
        }
    }
}

/// What a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// `Token …`, 40 characters.
    V1,
    /// `Bearer nbt_….…`, from 4.5 on.
    V2,
    /// Like `V1`, for reading only.
    ReadOnly,
}

/// The stand-in refused what a test asked of it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("status {status}: {body}")]
pub struct NetBoxRefusal {
    /// HTTP status.
    pub status: u16,
    /// Body of the answer.
    pub body: Value,
}

/// A running NetBox stand-in.
#[derive(Debug)]
pub struct NetBox {
    store: RwLock<Store>,
    version: NetBoxVersion,
    address: SocketAddr,
    base: String,
    sizes: Sizes,
    token: String,
    faults: Faults,
    journal: Journal,
}

impl NetBox {
    pub(crate) fn new(config: &NetBoxConfig, address: SocketAddr) -> Self {
        let mut store = Store::new(Table::of(config.version));
        add_user(&mut store, "admin", true, &config.password);
        let kind = if config.version.has_v2_tokens() { TokenKind::V2 } else { TokenKind::V1 };
        let token = match &config.token {
            Some(token) => {
                put_token(&mut store, 1, token, true);
                token.clone()
            }
            None => new_token(&mut store, 1, kind),
        };
        store.commit();
        Self {
            store: RwLock::new(store),
            version: config.version,
            address,
            base: format!("http://{address}"),
            sizes: Sizes { usual: config.page_size, most: config.max_page_size },
            token,
            faults: Faults::default(),
            journal: Journal::default(),
        }
    }

    /// URL, without `/api`.
    pub fn url(&self) -> &str {
        &self.base
    }

    /// The administrator's token.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The version played.
    pub fn version(&self) -> NetBoxVersion {
        self.version
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Faults to arm. Paths are matched whole: `^/api/dcim/sites/$`.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Requests it got; a route is a path with `{id}` for numbers. Bodies are under the parameter `body`.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    pub(crate) fn allowed(&self, path: &str) -> String {
        dispatch::allowed(&self.store.read().unwrap_or_else(PoisonError::into_inner), path)
    }

    pub(crate) fn handle(&self, request: Request) -> Result<Answer, Refusal> {
        let mut store = self.store.write().unwrap_or_else(PoisonError::into_inner);
        dispatch::handle(&mut store, &self.base, self.sizes, request)
    }

    /// Does a request as the administrator, past the log and all faults: behind the back of those under test.
    ///
    /// # Errors
    /// The stand-in refuses it.
    pub fn call(&self, method: &str, path: &str, body: Option<Value>) -> Result<Value, NetBoxRefusal> {
        let trusted = administrator(&self.store.read().unwrap_or_else(PoisonError::into_inner));
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let request = Request {
            method: method.to_owned(),
            path: path.to_owned(),
            query: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            headers: HeaderMap::new(),
            body: Ok(body),
            client: "127.0.0.1".to_owned(),
            id: crate::pve::guest::random_uuid(),
            trusted,
        };
        match self.handle(request) {
            Ok(answer) => Ok(answer.body.and_then(|b| serde_json::from_str(&b).ok()).unwrap_or_default()),
            Err(refusal) => Err(NetBoxRefusal { status: refusal.status, body: refusal.body }),
        }
    }

    /// Makes an object of a type (`dcim/sites`) and answers its id.
    ///
    /// # Errors
    /// The stand-in refuses it.
    pub fn insert(&self, kind: &str, data: Value) -> Result<u64, NetBoxRefusal> {
        let made = self.call("POST", &format!("/api/{kind}/"), Some(data))?;
        Ok(made["id"].as_u64().unwrap_or_default())
    }

    /// Changes an object.
    ///
    /// # Errors
    /// The stand-in refuses it.
    pub fn change(&self, kind: &str, id: u64, data: Value) -> Result<Value, NetBoxRefusal> {
        self.call("PATCH", &format!("/api/{kind}/{id}/"), Some(data))
    }

    /// Deletes an object.
    ///
    /// # Errors
    /// The stand-in refuses it.
    pub fn remove(&self, kind: &str, id: u64) -> Result<(), NetBoxRefusal> {
        self.call("DELETE", &format!("/api/{kind}/{id}/"), None).map(|_| ())
    }

    /// An object as the API shows it.
    pub fn object(&self, kind: &str, id: u64) -> Option<Value> {
        self.call("GET", &format!("/api/{kind}/{id}/"), None).ok()
    }

    /// All objects of a type as the API shows them, by id.
    pub fn objects(&self, kind: &str) -> Vec<Value> {
        let store = self.store.read().unwrap_or_else(PoisonError::into_inner);
        let Some(kind) = store.table.by_path(kind) else { return Vec::new() };
        let render = super::render::Render::new(&store, &self.base);
        store.all(kind).map(|o| render.value(kind, o, &super::render::Select::All)).collect()
    }

    /// Number of objects of a type.
    pub fn count(&self, kind: &str) -> usize {
        let store = self.store.read().unwrap_or_else(PoisonError::into_inner);
        store.table.by_path(kind).map_or(0, |kind| store.count(kind))
    }

    /// Types the version has, as `dcim/sites`; those that can be written.
    pub fn writable_types(&self) -> Vec<String> {
        let store = self.store.read().unwrap_or_else(PoisonError::into_inner);
        store.table.types.iter().filter(|t| t.can('c')).map(|t| t.path.clone()).collect()
    }

    /// Makes a user that is no administrator and answers the id.
    pub fn add_user(&self, name: &str, password: &str) -> u64 {
        let mut store = self.store.write().unwrap_or_else(PoisonError::into_inner);
        let id = add_user(&mut store, name, false, password);
        store.commit();
        id
    }

    /// Makes a token for a user and answers it.
    pub fn add_token(&self, user: u64, kind: TokenKind) -> String {
        let mut store = self.store.write().unwrap_or_else(PoisonError::into_inner);
        let token = new_token(&mut store, user, kind);
        store.commit();
        token
    }

    /// Gives a user a token with a known secret.
    pub fn put_token(&self, user: u64, secret: &str, writes: bool) {
        let mut store = self.store.write().unwrap_or_else(PoisonError::into_inner);
        put_token(&mut store, user, secret, writes);
        store.commit();
    }

    /// Lets a user do things (`view`, `add`, `change`, `delete`) with types, given as `dcim.site`; constraints may
    /// say with which objects only.
    pub fn grant(&self, user: u64, models: &[&str], actions: &[&str], constraints: &Value) -> u64 {
        let mut store = self.store.write().unwrap_or_else(PoisonError::into_inner);
        let data = json!({
            "name": format!("lab {}", models.join(" ")), "description": "", "enabled": true, "object_types": models,
            "actions": actions, "constraints": constraints, "users": [user], "groups": [],
        });
        let id = put(&mut store, "users/permissions", &data);
        store.commit();
        id
    }
}

fn put(store: &mut Store, path: &str, data: &Value) -> u64 {
    let Some(kind) = store.table.by_path(path) else { return 0 };
    let (id, now) = (store.next_id(kind), store.now());
    let data: Map<String, Value> = data.as_object().cloned().unwrap_or_default();
    store.force(kind, Object { id, data, created: now, updated: now });
    id
}

fn add_user(store: &mut Store, name: &str, superuser: bool, password: &str) -> u64 {
    let now = store.now();
    let data = json!({
        "username": name, "first_name": "", "last_name": "", "email": "", "is_active": true, "is_staff": superuser,
        "groups": [], "date_joined": super::render::moment(now), "last_login": null,
        "_superuser": superuser, "_password": password,
    });
    put(store, "users/users", &data)
}

fn token_data(user: u64, writes: bool) -> Map<String, Value> {
    let data = json!({
        "user": user, "description": "", "enabled": true, "write_enabled": writes, "allowed_ips": [], "expires": null,
        "last_used": null,
    });
    data.as_object().cloned().unwrap_or_default()
}

fn new_token(store: &mut Store, user: u64, kind: TokenKind) -> String {
    let mut data = token_data(user, kind != TokenKind::ReadOnly);
    let version = if kind == TokenKind::V2 && store.table.version.has_v2_tokens() { 2 } else { 1 };
    data.insert("version".to_owned(), json!(version));
    access::new_token(store, &mut data);
    data.remove("token");
    let text = |name: &str| data.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let token =
        if version == 2 { format!("nbt_{}.{}", text("key"), text("_plaintext")) } else { text("_plaintext") };
    put(store, "users/tokens", &Value::Object(data));
    token
}

fn put_token(store: &mut Store, user: u64, secret: &str, writes: bool) {
    let mut data = token_data(user, writes);
    let v2 = secret.strip_prefix("nbt_").and_then(|s| s.split_once('.'));
    match v2.filter(|_| store.table.version.has_v2_tokens()) {
        Some((key, plain)) => {
            data.extend([("version".to_owned(), json!(2)), ("key".to_owned(), json!(key))]);
            data.insert("_plaintext".to_owned(), json!(plain));
            data.insert("pepper_id".to_owned(), json!(1));
        }
        None => {
            let old = !store.table.version.has_v2_tokens();
            data.insert("version".to_owned(), json!(1));
            data.insert("key".to_owned(), if old { json!(secret) } else { Value::Null });
            data.insert("_plaintext".to_owned(), json!(secret));
        }
    }
    put(store, "users/tokens", &Value::Object(data));
}

/// A stand-in by itself, without the rest of a laboratory. Dropping it ends its server.
#[derive(Debug)]
pub struct NetBoxServer {
    netbox: Arc<NetBox>,
    server: tokio::task::JoinHandle<()>,
}

impl NetBoxServer {
    /// Starts a stand-in on loopback; several may run side by side.
    ///
    /// # Errors
    /// The port is taken.
    pub async fn start(config: &NetBoxConfig) -> std::io::Result<Self> {
        let (netbox, server) = start(config).await?;
        Ok(Self { netbox, server })
    }
}

impl std::ops::Deref for NetBoxServer {
    type Target = NetBox;

    fn deref(&self) -> &NetBox {
        &self.netbox
    }
}

impl Drop for NetBoxServer {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Starts a stand-in.
pub(crate) async fn start(
    config: &NetBoxConfig,
) -> std::io::Result<(Arc<NetBox>, tokio::task::JoinHandle<()>)> {
    let wanted = SocketAddr::from((std::net::Ipv4Addr::LOCALHOST, config.port.unwrap_or_default()));
    let listener = tokio::net::TcpListener::bind(wanted).await?;
    let netbox = Arc::new(NetBox::new(config, listener.local_addr()?));
    let server = tokio::spawn(super::http::serve(Arc::clone(&netbox), listener));
    Ok((netbox, server))
}
