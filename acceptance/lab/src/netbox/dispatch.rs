//! One request: which endpoint it is for, whether it may, and what is answered.

use http::HeaderMap;
use serde_json::{Value, json};

use super::access::{self, Grant, Principal};
use super::allocate::{self, Pool};
use super::bodies::listed;
use super::changes::Author;
use super::delete;
use super::filter::Query;
use super::options;
use super::page::{self, Sizes, parameter};
use super::pages;
use super::refusal::Refusal;
use super::render::{Render, Select, etag};
use super::store::{Object, Store};
use super::table::TypeId;
use super::write::Writer;

/// A request, decoded as far as transport goes.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// With slashes at both ends.
    pub(crate) path: String,
    pub(crate) query: Query,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Result<Option<Value>, Refusal>,
    /// Address of the one who asks.
    pub(crate) client: String,
    /// Made up for this request.
    pub(crate) id: String,
    /// Given where the request does not come over HTTP.
    pub(crate) trusted: Option<Principal>,
}

/// A success.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Option<String>,
    pub(crate) etag: Option<String>,
    pub(crate) location: Option<String>,
    /// Who asked.
    pub(crate) who: String,
    /// The id of the request, as the change log has it.
    pub(crate) request: Option<String>,
}

/// What a path is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place<'a> {
    List(TypeId),
    Object(TypeId, u64),
    Below(TypeId, u64, &'a str),
}

fn find<'a>(store: &Store, segments: &[&'a str]) -> Option<Place<'a>> {
    let depth = if segments.first() == Some(&"plugins") { 3 } else { 2 };
    let kind = store.table.by_path(&segments.get(..depth)?.join("/"))?;
    match segments.get(depth..)? {
        [] => Some(Place::List(kind)),
        [id] => Some(Place::Object(kind, id.parse().ok()?)),
        [id, action] => Some(Place::Below(kind, id.parse().ok()?, action)),
        _ => None,
    }
}

/// Types with a `trace` below their objects, which makes NetBox list the method of that name.
const TRACED: &[&str] = &[
    "dcim/console-ports",
    "dcim/console-server-ports",
    "dcim/interfaces",
    "dcim/power-feeds",
    "dcim/power-outlets",
    "dcim/power-ports",
];

/// The path with ids taken out, for counting.
pub(crate) fn route(path: &str) -> String {
    let parts = path
        .split('/')
        .map(|p| if !p.is_empty() && p.chars().all(|c| c.is_ascii_digit()) { "{id}" } else { p });
    parts.collect::<Vec<_>>().join("/")
}

/// Methods a path takes, for the `Allow` header.
pub(crate) fn allowed(store: &Store, path: &str) -> String {
    let segments: Vec<&str> = path.trim_matches('/').split('/').skip(1).collect();
    let plain = match find(store, &segments) {
        Some(Place::List(kind)) if store.kind(kind).can('c') => {
            "GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS"
        }
        Some(Place::Object(kind, _)) if store.kind(kind).can('u') => "GET, PUT, PATCH, DELETE, HEAD, OPTIONS",
        Some(Place::Below(..)) => "GET, POST, HEAD, OPTIONS",
        _ if segments == ["users", "tokens", "provision"] => "POST, OPTIONS",
        _ => "GET, HEAD, OPTIONS",
    };
    let traced = matches!(find(store, &segments), Some(Place::List(kind) | Place::Object(kind, _)) if TRACED.contains(&store.kind(kind).path.as_str()));
    if traced { format!("{plain}, TRACE") } else { plain.to_owned() }
}

/// Answers a request; what fails leaves the objects as they were.
pub(crate) fn handle(
    store: &mut Store,
    base: &str,
    sizes: Sizes,
    request: Request,
) -> Result<Answer, Refusal> {
    let answer = Handler { store, base, sizes }.answer(request);
    match &answer {
        Ok(_) => store.commit(),
        Err(_) => store.roll_back(),
    }
    answer
}

/// Whether a request only reads.
pub(crate) fn reads(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "OPTIONS")
}

pub(super) struct Handler<'a> {
    pub(super) store: &'a mut Store,
    pub(super) base: &'a str,
    sizes: Sizes,
}

/// Forms of answers the server has.
fn negotiate(request: &Request) -> Result<(), Refusal> {
    let accept = request.headers.get(http::header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or("*/*");
    let fits = accept.split(',').any(|part| {
        let kind = part.split(';').next().unwrap_or_default().trim();
        matches!(kind, "*/*" | "application/*" | "application/json" | "text/html" | "text/*" | "")
    });
    if !fits {
        return Err(Refusal::detail(406, "Could not satisfy the request Accept header."));
    }
    match parameter(&request.query, "format") {
        None | Some("json" | "api") => Ok(()),
        Some(_) => Err(Refusal::detail(404, "Not found.")),
    }
}

fn ok(body: String) -> Result<Answer, Refusal> {
    Ok(Answer { status: 200, body: Some(body), ..Answer::default() })
}

impl Handler<'_> {
    fn answer(&mut self, request: Request) -> Result<Answer, Refusal> {
        if !request.path.ends_with('/') {
            if reads(&request.method) {
                let location = format!("{}/", request.path);
                return Ok(Answer { status: 301, location: Some(location), ..Answer::default() });
            }
            return Err(Refusal::page(404, "Page Not Found"));
        }
        let path = request.path.clone();
        let Some(inner) = path.strip_prefix("/api/") else {
            return Err(Refusal::page(404, "Page Not Found"));
        };
        let segments: Vec<&str> = inner.split('/').filter(|s| !s.is_empty()).collect();
        if segments == ["users", "tokens", "provision"] {
            return self.provision(&request);
        }
        let place = find(self.store, &segments);
        let page = place.is_none().then(|| self.page(&segments, &request));
        if let Some(None) = page {
            return Err(Refusal::page(404, "Page Not Found"));
        }
        negotiate(&request)?;
        let who = match &request.trusted {
            Some(who) => who.clone(),
            None => access::authenticate(self.store, &request.headers, &request.client)?,
        };
        let (name, id) = (who.name.clone(), request.id.clone());
        let answer = match (page.flatten(), place) {
            (Some(page), _) if reads(&request.method) => self.serve_page(&page?, &who),
            (Some(_), _) => Err(Refusal::not_allowed(&request.method)),
            (_, Some(place)) => self.place(place, request, who),
            _ => Err(Refusal::page(404, "Page Not Found")),
        };
        answer.map(|a| Answer { who: name, request: Some(id), ..a })
    }

    /// Endpoints that are no types; `None` where there is none.
    fn page(&self, segments: &[&str], request: &Request) -> Option<Result<Value, Refusal>> {
        match segments {
            [] => Some(Ok(pages::root(self.store, self.base))),
            ["status"] => Some(Ok(pages::status(self.store))),
            ["authentication-check"] => Some(Ok(Value::Null)),
            ["plugins"] => Some(Ok(json!({ "lab": format!("{}/api/plugins/lab/", self.base) }))),
            ["plugins", "lab"] => pages::app(self.store, self.base, "plugins/lab").map(Ok),
            ["schema"] => Some(Err(Refusal::not_served("its OpenAPI document"))),
            [app @ ("core" | "extras"), "object-types", rest @ ..]
                if self.store.table.version.has_object_types(app) =>
            {
                let id = rest.first().and_then(|id| id.parse().ok());
                let path = format!("{app}/object-types");
                Some(pages::object_types(self.store, self.base, &path, id, &request.query, self.sizes))
            }
            [app] => pages::app(self.store, self.base, app).map(Ok),
            _ => None,
        }
    }

    fn serve_page(&self, page: &Value, who: &Principal) -> Result<Answer, Refusal> {
        if !page.is_null() {
            return ok(page.to_string());
        }
        // The check of a token answers with the token's user.
        let users = self.store.table.by_path("users/users").ok_or_else(|| Refusal::gone("User"))?;
        let user = self.store.get(users, who.user).ok_or_else(|| Refusal::gone("User"))?;
        let mut out = String::new();
        Render::new(self.store, self.base).object(&mut out, users, user, &Select::All);
        ok(out)
    }

    fn place(&mut self, place: Place<'_>, request: Request, who: Principal) -> Result<Answer, Refusal> {
        match place {
            Place::Below(kind, id, action) => self.below(kind, id, action, request, who),
            Place::List(kind) | Place::Object(kind, _) => {
                // Object types are made from the table, not stored.
                if let Some(page) = self.store.kind(kind).path.strip_suffix("/object-types") {
                    let id = if let Place::Object(_, id) = place { Some(id) } else { None };
                    if !self.store.table.version.has_object_types(page) {
                        return Err(Refusal::page(404, "Page Not Found"));
                    }
                    let path = self.store.kind(kind).path.clone();
                    let found =
                        pages::object_types(self.store, self.base, &path, id, &request.query, self.sizes)?;
                    return ok(found.to_string());
                }
                let detail = matches!(place, Place::Object(..));
                if request.method == "OPTIONS" {
                    let may = |action: &str| who.writes && who.grant(self.store, kind, action).is_some();
                    return ok(options::of(self.store.kind(kind), detail, may).to_string());
                }
                let grant = who.need(self.store, kind, &request.method)?;
                let t = self.store.kind(kind);
                let known = match (request.method.as_str(), detail) {
                    ("GET" | "HEAD", _) => true,
                    ("POST", false) => t.can('c'),
                    ("PUT" | "PATCH", _) => t.can('u'),
                    ("DELETE", _) => t.can('d'),
                    _ => false,
                };
                if !known {
                    return Err(Refusal::not_allowed(&request.method));
                }
                match place {
                    Place::Object(_, id) => self.object(kind, id, request, who, &grant),
                    _ => self.list(kind, request, who, &grant),
                }
            }
        }
    }

    pub(super) fn writer(&mut self, request: &Request, who: Principal) -> Writer<'_> {
        let author = Author {
            user: who.user,
            name: who.name.clone(),
            request: request.id.clone(),
            message: String::new(),
        };
        Writer { store: self.store, author, who }
    }

    pub(super) fn render_one(
        &self,
        kind: TypeId,
        id: u64,
        query: &Query,
        created: bool,
    ) -> Result<(String, String), Refusal> {
        let schema = &self.store.kind(kind).schema;
        let object = self.store.get(kind, id).ok_or_else(|| Refusal::gone(schema))?;
        let mut render = Render::new(self.store, self.base);
        render.created = created;
        let mut out = String::new();
        let select = page::select(query, self.store.table.version.has_omit());
        render.object(&mut out, kind, object, &select);
        Ok((out, etag(object)))
    }

    /// The entity tag of an answer, where the version tells it and the type keeps times.
    fn tag(&self, kind: TypeId, tag: String) -> Option<String> {
        let told = self.store.table.version.has_cursor_etag_and_tag_changes();
        (told && self.store.kind(kind).field("last_updated").is_some()).then_some(tag)
    }

    /// Refuses a change to what is no longer as the client knows it.
    fn precondition(&self, request: &Request, kind: TypeId, object: &Object) -> Result<(), Refusal> {
        let given = request.headers.get(http::header::IF_MATCH).and_then(|v| v.to_str().ok());
        let current = self.tag(kind, etag(object));
        match (given.filter(|g| *g != "*"), current) {
            (Some(given), Some(current)) if !given.split(',').any(|g| g.trim() == current) => {
                Err(Refusal { etag: Some(current), ..Refusal::detail(412, "Precondition failed.") })
            }
            _ => Ok(()),
        }
    }

    fn object(
        &mut self,
        kind: TypeId,
        id: u64,
        mut request: Request,
        who: Principal,
        grant: &Grant,
    ) -> Result<Answer, Refusal> {
        let schema = self.store.kind(kind).schema.clone();
        let found = self.store.get(kind, id).cloned();
        let found =
            found.filter(|o| grant.covers(self.store, kind, o)).ok_or_else(|| Refusal::gone(&schema))?;
        match request.method.as_str() {
            "GET" | "HEAD" => {
                let (body, tag) = self.render_one(kind, id, &request.query, false)?;
                Ok(Answer { status: 200, body: Some(body), etag: self.tag(kind, tag), ..Answer::default() })
            }
            "DELETE" => {
                self.precondition(&request, kind, &found)?;
                let body = std::mem::replace(&mut request.body, Ok(None))?.unwrap_or_default();
                let mut author = self.writer(&request, who).author;
                if self.store.table.version.keeps_changelog_message() {
                    body["changelog_message"].as_str().unwrap_or_default().clone_into(&mut author.message);
                }
                delete::delete(self.store, &author, kind, id)?;
                Ok(Answer { status: 204, ..Answer::default() })
            }
            method => {
                let full = method == "PUT";
                self.precondition(&request, kind, &found)?;
                let body = std::mem::replace(&mut request.body, Ok(None))?.unwrap_or_else(|| json!({}));
                self.writer(&request, who).update(kind, id, &body, full, grant)?;
                let (body, tag) = self.render_one(kind, id, &request.query, false)?;
                Ok(Answer { status: 200, body: Some(body), etag: self.tag(kind, tag), ..Answer::default() })
            }
        }
    }

    fn list(
        &mut self,
        kind: TypeId,
        mut request: Request,
        who: Principal,
        grant: &Grant,
    ) -> Result<Answer, Refusal> {
        if reads(&request.method) {
            let render = Render::new(self.store, self.base);
            let visible = |o: &Object| grant.covers(self.store, kind, o);
            return ok(page::list(&render, kind, &request.path, &request.query, self.sizes, &visible)?);
        }
        let body = std::mem::replace(&mut request.body, Ok(None))?;
        match request.method.as_str() {
            "POST" => self.create(kind, &request, who, grant, &body.unwrap_or_else(|| json!({}))),
            "DELETE" => {
                let body = body.unwrap_or_default();
                for (id, item) in listed(&body)? {
                    let Some(found) = self.store.get(kind, id).cloned() else { continue };
                    if !grant.covers(self.store, kind, &found) {
                        continue;
                    }
                    self.precondition(&request, kind, &found)?;
                    let mut author = self.writer(&request, who.clone()).author;
                    item.get("changelog_message")
                        .and_then(Value::as_str)
                        .unwrap_or_default()
                        .clone_into(&mut author.message);
                    delete::delete(self.store, &author, kind, id)?;
                }
                Ok(Answer { status: 204, ..Answer::default() })
            }
            method => {
                let full = method == "PUT";
                let body = body.unwrap_or_default();
                let mut changed = Vec::new();
                let mut items = listed(&body)?;
                let order = self.sorted(kind, items.iter().map(|(id, _)| *id).collect());
                items.sort_by_key(|(id, _)| order.iter().position(|o| o == id));
                for (id, item) in items {
                    let Some(found) = self.store.get(kind, id).cloned() else { continue };
                    if !grant.covers(self.store, kind, &found) {
                        continue;
                    }
                    self.precondition(&request, kind, &found)?;
                    let item = Value::Object(item.clone());
                    self.writer(&request, who.clone()).update(kind, id, &item, full, grant)?;
                    changed.push(id);
                }
                let changed = self.sorted(kind, changed);
                ok(self.render_all(kind, &changed, &request.query, false)?)
            }
        }
    }

    fn sorted(&self, kind: TypeId, mut ids: Vec<u64>) -> Vec<u64> {
        super::order::sort_ids(self.store, kind, &mut ids);
        ids
    }

    fn render_all(&self, kind: TypeId, ids: &[u64], query: &Query, created: bool) -> Result<String, Refusal> {
        let mut render = Render::new(self.store, self.base);
        render.created = created;
        let select = page::select(query, self.store.table.version.has_omit());
        let mut out = String::from("[");
        for (at, id) in ids.iter().enumerate() {
            if at > 0 {
                out.push(',');
            }
            if let Some(object) = self.store.get(kind, *id) {
                render.object(&mut out, kind, object, &select);
            }
        }
        out.push(']');
        Ok(out)
    }

    /// What was handed out, as it was saved.
    fn render_taken(&self, kind: TypeId, ids: &[u64], list: bool) -> String {
        let mut render = Render::new(self.store, self.base);
        (render.created, render.unread, render.several) = (true, true, list);
        let parts = ids.iter().filter_map(|id| self.store.get(kind, *id)).map(|object| {
            let mut out = String::new();
            render.object(&mut out, kind, object, &Select::All);
            out
        });
        let parts: Vec<String> = parts.collect();
        if list { format!("[{}]", parts.join(",")) } else { parts.into_iter().next().unwrap_or_default() }
    }

    fn create(
        &mut self,
        kind: TypeId,
        request: &Request,
        who: Principal,
        grant: &Grant,
        body: &Value,
    ) -> Result<Answer, Refusal> {
        let mut writer = self.writer(request, who);
        let answer = match body {
            Value::Array(items) => {
                let ids = writer.create_all(kind, items, grant)?;
                let body = self.render_all(kind, &ids, &request.query, true)?;
                Answer { status: 201, body: Some(body), ..Answer::default() }
            }
            one => {
                let id = writer.create(kind, one, grant)?;
                let (body, tag) = self.render_one(kind, id, &request.query, true)?;
                self.hide_secret(kind, id);
                let location = format!("{}/api/{}/{id}/", self.base, self.store.kind(kind).path);
                Answer {
                    status: 201,
                    body: Some(body),
                    etag: self.tag(kind, tag),
                    location: Some(location),
                    ..Answer::default()
                }
            }
        };
        Ok(answer)
    }

    /// A token's secret is told once.
    pub(super) fn hide_secret(&mut self, kind: TypeId, id: u64) {
        if self.store.kind(kind).path == "users/tokens" && self.store.table.version.has_v2_tokens() {
            self.store.change(kind, id, |o| _ = o.data.remove("token"));
        }
    }

    fn below(
        &mut self,
        kind: TypeId,
        id: u64,
        action: &str,
        mut request: Request,
        who: Principal,
    ) -> Result<Answer, Refusal> {
        let t = self.store.kind(kind);
        let (path, schema) = (t.path.clone(), t.schema.clone());
        let Some(pool) = allocate::pool(&path, action) else {
            let named = format!("{path}/{{id}}/{action}/");
            return if known_below(action) {
                Err(Refusal::not_served(&named))
            } else {
                Err(Refusal::page(404, "Page Not Found"))
            };
        };
        let made = pool.makes(self.store).ok_or_else(|| Refusal::not_served(action))?;
        let view = who.need(self.store, kind, "GET")?;
        let parent = self.store.get(kind, id).cloned().filter(|o| view.covers(self.store, kind, o));
        let parent = parent.ok_or_else(|| Refusal::gone(&schema))?;
        match request.method.as_str() {
            "GET" | "HEAD" => {
                let limit = parameter(&request.query, "limit").and_then(|l| l.parse().ok());
                let most = limit.filter(|l| *l > 0).unwrap_or(self.sizes.usual).min(self.sizes.most);
                let most = if matches!(pool, Pool::Vlans | Pool::AutonomousSystems) && limit.is_none() {
                    self.sizes.usual
                } else {
                    most
                };
                ok(allocate::show(&Render::new(self.store, self.base), kind, &parent, pool, most))
            }
            "POST" => {
                let grant = who.need(self.store, made, "POST")?;
                let body = std::mem::replace(&mut request.body, Ok(None))?.unwrap_or_else(|| json!({}));
                let mut writer = self.writer(&request, who);
                let ids = allocate::take(&mut writer, kind, &parent, pool, &body, &grant)?;
                let body = self.render_taken(made, &ids, matches!(body, Value::Array(_)));
                Ok(Answer { status: 201, body: Some(body), ..Answer::default() })
            }
            "OPTIONS" => ok(options::of(self.store.kind(made), false, |_| true).to_string()),
            method => Err(Refusal::not_allowed(method)),
        }
    }
}

/// Endpoints below objects NetBox has and the stand-in lacks.
fn known_below(action: &str) -> bool {
    ["paths", "trace", "elevation", "render-config", "render", "sync", "choices"].contains(&action)
}
