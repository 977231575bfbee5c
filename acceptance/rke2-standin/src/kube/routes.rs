//! HTTP: which call of the API a request becomes, and how its result is sent.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, Method, Request, StatusCode, header};
use serde_json::{Value, json};

use super::api::{Kube, Place, WriteOptions};
use super::auth::{self, Caller};
use super::delete::{DeleteOptions, Deleted};
use super::objects::{self, text};
use super::patch::apply::Applier;
use super::patch::{self, strategic};
use super::rbac::Action;
use super::request::{Query, Target, group_version};
use super::serve::PeerCertificate;
use super::status::{ApiResult, Status, json_response};
use super::{discovery, subresources, tables, watch, yaml};

/// The largest body (apiserver: 3 MiB).
const BODY: usize = 3 << 20;

/// Everything under one handler: paths of custom resources come and go.
pub(crate) fn router(kube: Arc<Kube>) -> Router {
    Router::new().fallback(move |request: Request<Body>| {
        let kube = Arc::clone(&kube);
        async move {
            match handle(&kube, request).await {
                Ok(response) => response,
                Err(status) => status.into_response(),
            }
        }
    })
}

async fn handle(kube: &Arc<Kube>, request: Request<Body>) -> ApiResult<Response> {
    let (parts, body) = request.into_parts();
    let caller = auth::caller(kube, &parts.headers, parts.extensions.get::<PeerCertificate>()).await?;
    let body = axum::body::to_bytes(body, BODY).await.map_err(|_| {
        Status::new(413, "RequestEntityTooLarge", "Request entity too large: limit is 3145728")
    })?;
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !body.is_empty() && kind.is_some_and(|kind| kind.contains("protobuf")) {
        return Err(Status::new(
            415,
            "UnsupportedMediaType",
            "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml",
        ));
    }
    let path = super::request::decode(parts.uri.path());
    match path.trim_end_matches('/') {
        "/version" => return Ok(json_response(StatusCode::OK, &kube.version())),
        "/livez" | "/healthz" => return Ok(health(kube, &parts, "livez").await),
        "/readyz" => return Ok(health(kube, &parts, "readyz").await),
        "/api" => return Ok(json_response(StatusCode::OK, &core_versions())),
        "/apis" => return Ok(json_response(StatusCode::OK, &kube.groups())),
        "/openapi/v2" => return Ok(openapi(&parts.headers)),
        _ => {}
    }
    if let Some(group) = path.trim_end_matches('/').strip_prefix("/apis/").filter(|rest| !rest.contains('/'))
    {
        let group = kube.group(group).ok_or_else(Status::no_such_path)?;
        return Ok(json_response(StatusCode::OK, &group));
    }
    let (group, version, rest) = group_version(&path).ok_or_else(Status::no_such_path)?;
    match rest.as_slice() {
        [] => {
            let resources = kube.resources(group, version).ok_or_else(Status::no_such_path)?;
            Ok(json_response(StatusCode::OK, &resources))
        }
        [resource] if discovery::is_review(group, resource) && parts.method == Method::POST => {
            let review = kube.review(&caller, resource, yaml::document(&body)?).await?;
            Ok(json_response(StatusCode::CREATED, &review))
        }
        _ => {
            Call { kube, caller, target: Target::read(&kube.kinds, &path)?, parts: &parts, body }.run().await
        }
    }
}

fn core_versions() -> Value {
    json!({ "kind": "APIVersions", "versions": ["v1"],
        "serverAddressByClientCIDRs": [{ "clientCIDR": "0.0.0.0/0", "serverAddress": "" }] })
}

fn openapi(headers: &HeaderMap) -> Response {
    if accepts(headers, "proto-openapi") {
        let kind = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
        return ([(header::CONTENT_TYPE, kind)], discovery::openapi_protobuf()).into_response();
    }
    json_response(StatusCode::OK, &discovery::openapi_json())
}

fn accepts(headers: &HeaderMap, what: &str) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.contains(what))
}

/// apiserver/pkg/server/healthz: `ok`, or every check with `?verbose` and when one fails.
async fn health(kube: &Arc<Kube>, parts: &Parts, name: &str) -> Response {
    let etcd = kube.store.get("/registry/health").await.is_ok();
    let mut checks = vec![("ping", true), ("log", true), ("etcd", etcd)];
    if name == "readyz" {
        checks.push(("informer-sync", kube.hub.is_synced()));
        checks.push((
            "poststarthook/rbac/bootstrap-roles",
            !kube.settings.faults.join("kube-not-ready").exists(),
        ));
        checks.push(("shutdown", true));
    }
    let passed = checks.iter().all(|(_, passed)| *passed);
    let lines: String = checks
        .iter()
        .map(|(check, passed)| match passed {
            true => format!("[+]{check} ok\n"),
            false => format!("[-]{check} failed: reason withheld\n"),
        })
        .collect();
    let verbose = Query::read(parts.uri.query()).has("verbose");
    match (passed, verbose) {
        (true, false) => (StatusCode::OK, "ok".to_owned()).into_response(),
        (true, true) => (StatusCode::OK, format!("{lines}{name} check passed\n")).into_response(),
        (false, _) => {
            (StatusCode::INTERNAL_SERVER_ERROR, format!("{lines}{name} check failed\n")).into_response()
        }
    }
}

/// One request on objects.
struct Call<'a> {
    kube: &'a Arc<Kube>,
    caller: Caller,
    target: Target,
    parts: &'a Parts,
    body: Bytes,
}

impl Call<'_> {
    async fn run(self) -> ApiResult<Response> {
        let query = Query::read(self.parts.uri.query());
        let named = self.target.name.is_some();
        let watching = query.is_true("watch") && !named;
        let verb = match (&self.parts.method, named) {
            (&Method::GET | &Method::HEAD, true) => "get",
            (&Method::GET | &Method::HEAD, false) if watching => "watch",
            (&Method::GET | &Method::HEAD, false) => "list",
            (&Method::POST, _) => "create",
            (&Method::PUT, true) => "update",
            (&Method::PATCH, true) => "patch",
            (&Method::DELETE, true) => "delete",
            (&Method::DELETE, false) => "deletecollection",
            _ => return Err(method_not_allowed()),
        };
        self.authorize(verb)?;
        if let Some(subresource) = self.target.subresource.clone() {
            return self.below(verb, &subresource, &query).await;
        }
        match verb {
            "get" => {
                let object = self.kube.get(self.place()).await?;
                Ok(self.shown(StatusCode::OK, &object))
            }
            "watch" => {
                let as_table = accepts(&self.parts.headers, "as=Table");
                let kind = Arc::clone(&self.target.kind);
                watch::open(self.kube, kind, self.target.namespace.as_deref(), &query, as_table).await
            }
            "list" => {
                let kind = &self.target.kind;
                let found =
                    self.kube.list(kind, self.target.namespace.as_deref(), &query.list(kind)?).await?;
                Ok(self.shown(StatusCode::OK, &found))
            }
            "create" => self.create(&query).await,
            "update" => {
                let object = self.object()?;
                let updated = self.kube.update(self.place(), object, &self.options(&query)).await?;
                Ok(self.shown(StatusCode::OK, &updated))
            }
            "patch" => self.patch(&query).await,
            _ => self.delete(verb, &query).await,
        }
    }

    fn authorize(&self, verb: &str) -> ApiResult<()> {
        let resource = match &self.target.subresource {
            Some(subresource) => format!("{}/{subresource}", self.target.kind.resource),
            None => self.target.kind.resource.clone(),
        };
        self.kube.authorize(
            &self.caller,
            Action {
                verb,
                group: &self.target.kind.group,
                resource: &resource,
                namespace: self.target.namespace.as_deref().unwrap_or_default(),
                name: self.target.name.as_deref().unwrap_or_default(),
            },
        )
    }

    fn place(&self) -> Place<'_> {
        Place {
            kind: &self.target.kind,
            namespace: self.target.namespace.as_deref().unwrap_or_default(),
            name: self.target.name.as_deref().unwrap_or_default(),
        }
    }

    fn content_type(&self) -> &str {
        self.parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    fn object(&self) -> ApiResult<Value> {
        yaml::document(&self.body)
    }

    fn options(&self, query: &Query) -> WriteOptions {
        let agent = self.parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        query.write(agent.unwrap_or_default(), self.target.subresource.as_deref())
    }

    /// As a table where the client wants one.
    fn shown(&self, code: StatusCode, object: &Value) -> Response {
        if !accepts(&self.parts.headers, "as=Table") {
            return json_response(code, object);
        }
        let kind = &self.target.kind;
        let table = match object.get("items").and_then(Value::as_array) {
            Some(items) => tables::table(kind, items, &object["metadata"]),
            None => {
                let metadata = json!({ "resourceVersion": object["metadata"]["resourceVersion"] });
                tables::table(kind, std::slice::from_ref(object), &metadata)
            }
        };
        json_response(code, &table)
    }

    async fn create(&self, query: &Query) -> ApiResult<Response> {
        let kind = &self.target.kind;
        if self.target.name.is_some() || (kind.namespaced && self.target.namespace.is_none()) {
            return Err(method_not_allowed());
        }
        let mut object = self.object()?;
        subresources::stamp_request(kind, &mut object, &self.caller)?;
        let created = self.kube.create(kind, self.place().namespace, object, &self.options(query)).await?;
        Ok(self.shown(StatusCode::CREATED, &created))
    }

    async fn patch(&self, query: &Query) -> ApiResult<Response> {
        let options = self.options(query);
        let place = self.place();
        let patch = yaml::document(&self.body)?;
        let content_type = self.content_type().split(';').next().unwrap_or_default().trim().to_owned();
        if content_type == "application/apply-patch+yaml" {
            if query.get("fieldManager").is_empty() {
                return Err(Status::new(
                    422,
                    "Invalid",
                    "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch",
                ));
            }
            let by = Applier {
                manager: &options.manager,
                subresource: &options.subresource,
                force: query.is_true("force"),
            };
            let (object, created) = self.kube.apply(place, patch, by, options.dry_run).await?;
            let code = if created { StatusCode::CREATED } else { StatusCode::OK };
            return Ok(self.shown(code, &object));
        }
        let change = |old: &Value| patched(place, &content_type, old, &patch);
        let object = if options.subresource == "scale" {
            self.kube.set_scale(place, &options, change).await?
        } else {
            self.kube.modify(place, &options, change).await?
        };
        Ok(self.shown(StatusCode::OK, &object))
    }

    async fn delete(&self, verb: &str, query: &Query) -> ApiResult<Response> {
        let body = if self.body.is_empty() { Value::Null } else { yaml::document(&self.body)? };
        let mut options = DeleteOptions::read(&body);
        if let Some(seconds) = query.number("gracePeriodSeconds") {
            options.grace_seconds = Some(seconds);
        }
        if query.has("propagationPolicy") {
            query.get("propagationPolicy").clone_into(&mut options.propagation);
        }
        options.dry_run |= query.get("dryRun") == "All";
        let kind = &self.target.kind;
        if verb == "deletecollection" {
            let namespace = self.target.namespace.as_deref();
            let found = self.kube.delete_collection(kind, namespace, &query.list(kind)?, &options).await?;
            return Ok(json_response(StatusCode::OK, &found));
        }
        Ok(match self.kube.delete(self.place(), &options).await? {
            Deleted::Marked(object) => json_response(StatusCode::OK, &object),
            Deleted::Gone(object) => {
                let mut details = json!({ "name": objects::name(&object), "kind": kind.resource, "uid": objects::uid(&object) });
                if !kind.group.is_empty() {
                    details["group"] = json!(kind.group);
                }
                json_response(
                    StatusCode::OK,
                    &json!({
                        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details,
                    }),
                )
            }
        })
    }

    /// Subresources.
    async fn below(&self, verb: &str, subresource: &str, query: &Query) -> ApiResult<Response> {
        let (kube, place) = (self.kube, self.place());
        let options = self.options(query);
        let created = |object: Value| json_response(StatusCode::CREATED, &object);
        let done = |object: Value| json_response(StatusCode::OK, &object);
        match (subresource, verb) {
            ("eviction", "create") => kube.evict(place, &self.object()?).await.map(created),
            ("binding", "create") => kube.bind(place, &self.object()?).await.map(created),
            ("token", "create") => {
                let request = if self.body.is_empty() { json!({}) } else { self.object()? };
                kube.request_token(place, &request).await.map(created)
            }
            ("scale", "get") => kube.scale(place).await.map(done),
            ("scale", "update") => {
                let scale = self.object()?;
                kube.set_scale(place, &options, |_| Ok(scale.clone())).await.map(done)
            }
            ("finalize", "update") => kube.finalize_namespace(place, &self.object()?).await.map(done),
            ("status" | "approval", "get") => kube.get(place).await.map(done),
            ("status" | "approval", "update") => {
                let object = self.object()?;
                let options = WriteOptions { subresource: "status".to_owned(), ..options };
                kube.update(place, object, &options).await.map(done)
            }
            ("status" | "scale", "patch") => self.patch(query).await,
            // There are no containers, so there is nothing they said.
            ("log", "get") => Err(Status::new(
                501,
                "NotImplemented",
                format!("rke2-standin runs no containers: pod \"{}\" has no log", place.name),
            )),
            _ => Err(method_not_allowed()),
        }
    }
}

fn method_not_allowed() -> Status {
    Status::new(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")
}

fn patched(place: Place<'_>, content_type: &str, old: &Value, patch: &Value) -> ApiResult<Value> {
    match content_type {
        "application/merge-patch+json" => {
            let mut new = old.clone();
            patch::merge(&mut new, patch);
            Ok(new)
        }
        "application/strategic-merge-patch+json" => strategic::apply(place.kind, old, patch),
        "application/json-patch+json" => patch::json::apply(old, patch),
        other => Err(Status::new(
            415,
            "UnsupportedMediaType",
            format!("the body of the request was in an unknown format ({}): {other}", text(old, &["kind"])),
        )),
    }
}
