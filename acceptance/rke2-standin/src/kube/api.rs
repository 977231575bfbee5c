//! Reading and writing objects: every verb ends here, whoever asks.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::certificates::Authority;
use super::hub::{self, Hub};
use super::kinds::{Kind, Kinds};
use super::objects::{self, at, name, set, text, uid, unset};
use super::patch::{apply, managers};
use super::selectors::{Fields, Labels};
use super::status::{ApiResult, Status};
use super::store::{Range, Store};
use super::tokens::Tokens;
use super::{Settings, StartError, defaults, delete};

/// How often a write without a resource version is tried again after another one came first.
const ATTEMPTS: usize = 16;

/// The API of one server.
pub(crate) struct Kube {
    pub(crate) settings: Settings,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) kinds: Arc<Kinds>,
    pub(crate) hub: Hub,
    pub(crate) authority: Authority,
    pub(crate) tokens: Tokens,
}

/// Where an object is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) kind: &'a Kind,
    /// Empty for objects of the cluster.
    pub(crate) namespace: &'a str,
    pub(crate) name: &'a str,
}

impl Place<'_> {
    pub(crate) fn key(&self) -> String {
        self.kind.key(self.namespace, self.name)
    }

    pub(crate) fn not_found(&self) -> Status {
        Status::not_found(&self.kind.qualified(), self.name)
    }
}

/// How a write is to be done.
#[derive(Debug, Clone, Default)]
pub(crate) struct WriteOptions {
    /// Under this name the fields are recorded.
    pub(crate) manager: String,
    pub(crate) dry_run: bool,
    /// Empty for the object itself.
    pub(crate) subresource: String,
}

/// Which objects a list asks for.
#[derive(Debug, Clone, Default)]
pub(crate) struct ListQuery {
    pub(crate) labels: Labels,
    pub(crate) fields: Fields,
    pub(crate) limit: usize,
    pub(crate) proceed: Option<String>,
}

impl Kube {
    pub(crate) fn new(settings: Settings, store: Arc<dyn Store>) -> Result<Kube, StartError> {
        let kinds = Arc::new(Kinds::new());
        Ok(Kube {
            authority: Authority::read(&settings.client_ca)?,
            tokens: Tokens::read(&settings.service_account_key)?,
            hub: Hub::new(Arc::clone(&kinds)),
            kinds,
            store,
            settings,
        })
    }

    pub(crate) async fn follow(&self, stop: CancellationToken) {
        self.hub.run(Arc::clone(&self.store), stop).await;
    }

    /// Custom resources are stored once and answered in the version asked for.
    fn read(kind: &Kind, bytes: &[u8], revision: i64) -> ApiResult<Value> {
        let mut object = hub::decode(bytes, revision)
            .ok_or_else(|| Status::internal(format!("unable to decode a stored {}", kind.kind)))?;
        object["apiVersion"] = json!(kind.api_version());
        Ok(object)
    }

    pub(crate) async fn get(&self, place: Place<'_>) -> ApiResult<Value> {
        let entry = self.store.get(&place.key()).await?.ok_or_else(|| place.not_found())?;
        Self::read(place.kind, &entry.value, entry.mod_revision)
    }

    /// A list object. Pages go by a token that holds the revision and the last key, as upstream's does.
    pub(crate) async fn list(
        &self,
        kind: &Kind,
        namespace: Option<&str>,
        query: &ListQuery,
    ) -> ApiResult<Value> {
        let prefix = kind.key_prefix(namespace);
        let (revision, mut after) = match &query.proceed {
            Some(token) => read_continue(token)?,
            None => (0, None),
        };
        let mut items = Vec::new();
        let mut pinned = revision;
        let (revision, remaining, more) = loop {
            let range = Range {
                prefix: prefix.clone(),
                start_after: after.clone(),
                limit: query.limit,
                revision: pinned,
            };
            let listing = self.store.range(range).await?;
            pinned = listing.revision;
            let mut rest = listing.entries.len();
            let mut full = false;
            for entry in listing.entries {
                if full {
                    break;
                }
                rest -= 1;
                let object = Self::read(kind, &entry.value, entry.mod_revision)?;
                after = Some(entry.key);
                if query.labels.matches(objects::labels(&object)) && query.fields.matches(&object) {
                    items.push(object);
                    full = query.limit > 0 && items.len() >= query.limit;
                }
            }
            let remaining = listing.remaining + rest;
            if full || remaining == 0 {
                break (listing.revision, remaining, remaining > 0);
            }
        };
        let mut metadata = json!({ "resourceVersion": revision.to_string() });
        if more {
            metadata["continue"] = json!(write_continue(revision, after.as_deref().unwrap_or_default()));
            if query.labels.is_empty() {
                metadata["remainingItemCount"] = json!(remaining);
            }
        }
        Ok(json!({
            "apiVersion": kind.api_version(), "kind": format!("{}List", kind.kind), "metadata": metadata,
            "items": items,
        }))
    }

    pub(crate) async fn create(
        &self,
        kind: &Kind,
        namespace: &str,
        mut object: Value,
        options: &WriteOptions,
    ) -> ApiResult<Value> {
        self.check_type(kind, namespace, &mut object)?;
        if name(&object).is_empty() {
            let prefix = text(&object, &["metadata", "generateName"]).to_owned();
            if prefix.is_empty() {
                return Err(Status::invalid(
                    &kind.qualified_kind(),
                    "",
                    "metadata.name",
                    "Required value: name or generateName is required",
                ));
            }
            set(&mut object, &["metadata", "name"], json!(prefix + &objects::random_suffix(5)));
        }
        defaults::check_name(kind, name(&object))?;
        self.check_namespace(kind, namespace, name(&object)).await?;
        for (key, value) in [("uid", json!(objects::new_uid())), ("creationTimestamp", json!(objects::now()))]
        {
            set(&mut object, &["metadata", key], value);
        }
        for key in ["resourceVersion", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"] {
            unset(&mut object, &["metadata", key]);
        }
        defaults::on_create(kind, &mut object, &self.settings)?;
        if !options.manager.is_empty() && at(&object, &["metadata", "managedFields"]).is_null() {
            managers::after_update(kind, &Value::Null, &mut object, &options.manager, &options.subresource);
        }
        let place = Place { kind, namespace, name: name(&object) };
        let key = place.key();
        if options.dry_run {
            if self.store.get(&key).await?.is_some() {
                return Err(Status::already_exists(&kind.qualified(), place.name));
            }
            return Ok(object);
        }
        match self.store.put(&key, object.to_string().into_bytes(), 0).await {
            Ok(revision) => {
                self.settle(kind, revision).await;
                set(&mut object, &["metadata", "resourceVersion"], json!(revision.to_string()));
                Ok(object)
            }
            Err(super::store::StoreError::Conflict) => {
                Err(Status::already_exists(&kind.qualified(), name(&object)))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// A new type is served as soon as its definition is stored, on this server.
    async fn settle(&self, kind: &Kind, revision: i64) {
        if kind.resource == "customresourcedefinitions" {
            self.hub.catch_up(revision).await;
        }
    }

    fn check_type(&self, kind: &Kind, namespace: &str, object: &mut Value) -> ApiResult<()> {
        let is = |object: &Value, key: &str, wanted: &str| {
            let found = text(object, &[key]);
            found.is_empty() || found == wanted
        };
        let api_version = kind.api_version();
        if !object.is_object() || !is(object, "kind", &kind.kind) || !is(object, "apiVersion", &api_version) {
            return Err(Status::bad_request(format!(
                "{} in version {:?} cannot be handled as a {}: the object is {} of {}",
                kind.kind,
                kind.version,
                kind.kind,
                text(object, &["kind"]),
                text(object, &["apiVersion"]),
            )));
        }
        object["kind"] = json!(kind.kind);
        object["apiVersion"] = json!(api_version);
        let given = objects::namespace(object).to_owned();
        if kind.namespaced {
            if !given.is_empty() && given != namespace {
                return Err(Status::bad_request(
                    "the namespace of the provided object does not match the namespace sent on the request",
                ));
            }
            set(object, &["metadata", "namespace"], json!(namespace));
        } else {
            unset(object, &["metadata", "namespace"]);
        }
        Ok(())
    }

    /// plugin/pkg/admission/namespace/lifecycle.
    async fn check_namespace(&self, kind: &Kind, namespace: &str, name: &str) -> ApiResult<()> {
        if !kind.namespaced {
            return Ok(());
        }
        let Some(namespaces) = self.kinds.named("namespaces") else { return Ok(()) };
        let found = self.get(Place { kind: &namespaces, namespace: "", name: namespace }).await?;
        if text(&found, &["status", "phase"]) == "Terminating" {
            let why = format!(
                "unable to create new content in namespace {namespace} because it is being terminated"
            );
            return Err(Status::forbidden(&kind.qualified(), name, &why).with_causes(vec![json!({
                "reason": "NamespaceTerminating",
                "message": format!("namespace {namespace} is being terminated"),
                "field": "metadata.namespace",
            })]));
        }
        Ok(())
    }

    /// Replaces an object by a whole one.
    pub(crate) async fn update(
        &self,
        place: Place<'_>,
        mut object: Value,
        options: &WriteOptions,
    ) -> ApiResult<Value> {
        self.check_type(place.kind, place.namespace, &mut object)?;
        if !name(&object).is_empty() && name(&object) != place.name {
            return Err(Status::bad_request(format!(
                "the name of the object ({}) does not match the name on the URL ({})",
                name(&object),
                place.name
            )));
        }
        if place.kind.custom && text(&object, &["metadata", "resourceVersion"]).is_empty() {
            return Err(Status::invalid(
                &place.kind.qualified_kind(),
                place.name,
                "metadata.resourceVersion",
                "Invalid value: 0x0: must be specified for an update",
            ));
        }
        self.modify(place, options, |_| Ok(object.clone())).await
    }

    /// Reads, changes and writes, again when another write came between and the change names no resource version.
    pub(crate) async fn modify(
        &self,
        place: Place<'_>,
        options: &WriteOptions,
        mut change: impl FnMut(&Value) -> ApiResult<Value> + Send,
    ) -> ApiResult<Value> {
        let key = place.key();
        for _ in 0..ATTEMPTS {
            let entry = self.store.get(&key).await?.ok_or_else(|| place.not_found())?;
            let old = Self::read(place.kind, &entry.value, entry.mod_revision)?;
            let mut new = change(&old)?;
            defaults::on_update(place, &old, &mut new, &options.subresource)?;
            if same(&old, &new) {
                return Ok(old);
            }
            if !options.manager.is_empty() {
                managers::after_update(place.kind, &old, &mut new, &options.manager, &options.subresource);
            }
            if options.dry_run {
                return Ok(new);
            }
            match self.commit(place, &key, entry.mod_revision, &new).await {
                Ok(revision) => {
                    set(&mut new, &["metadata", "resourceVersion"], json!(revision.to_string()));
                    return Ok(new);
                }
                Err(super::store::StoreError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Status::modified(&place.kind.qualified(), place.name))
    }

    /// Writes what was changed; an object that is being deleted and has lost its last finalizer goes.
    async fn commit(
        &self,
        place: Place<'_>,
        key: &str,
        expected: i64,
        object: &Value,
    ) -> Result<i64, super::store::StoreError> {
        if objects::is_deleting(object) && delete::may_go(place.kind, object) {
            return self.store.delete(key, expected).await;
        }
        let mut stored = object.clone();
        unset(&mut stored, &["metadata", "resourceVersion"]);
        let revision = self.store.put(key, stored.to_string().into_bytes(), expected).await?;
        self.settle(place.kind, revision).await;
        Ok(revision)
    }

    /// Server-side apply: creates or changes.
    pub(crate) async fn apply(
        &self,
        place: Place<'_>,
        mut applied: Value,
        by: apply::Applier<'_>,
        dry_run: bool,
    ) -> ApiResult<(Value, bool)> {
        self.check_type(place.kind, place.namespace, &mut applied)?;
        if !at(&applied, &["metadata", "managedFields"]).is_null() {
            return Err(Status::bad_request("metadata.managedFields must be nil"));
        }
        if name(&applied).is_empty() {
            set(&mut applied, &["metadata", "name"], json!(place.name));
        }
        let silent =
            WriteOptions { dry_run, subresource: by.subresource.to_owned(), ..WriteOptions::default() };
        for _ in 0..ATTEMPTS {
            let changed = self
                .modify(place, &silent, |old| {
                    if !uid(&applied).is_empty() && uid(&applied) != uid(old) {
                        return Err(Status::conflict(&place.kind.qualified(), place.name, "the UID differs"));
                    }
                    let mut new = apply::apply(place.kind, old, &applied, by)?;
                    if let Some(version) = applied["metadata"].get("resourceVersion") {
                        set(&mut new, &["metadata", "resourceVersion"], version.clone());
                    }
                    Ok(new)
                })
                .await;
            match changed {
                Err(status) if status.code == 404 && by.subresource.is_empty() => {
                    let fresh = apply::apply(place.kind, &Value::Null, &applied, by)?;
                    match self.create(place.kind, place.namespace, fresh, &silent).await {
                        // Somebody was faster: apply to what is there now.
                        Err(status) if status.reason == "AlreadyExists" => {}
                        created => return created.map(|object| (object, true)),
                    }
                }
                other => return other.map(|object| (object, false)),
            }
        }
        Err(Status::modified(&place.kind.qualified(), place.name))
    }
}

/// Whether nothing was changed but the record of who manages what and when.
fn same(old: &Value, new: &Value) -> bool {
    let strip = |object: &Value| {
        let mut object = object.clone();
        unset(&mut object, &["metadata", "resourceVersion"]);
        let mut fields = managers::read(&object);
        for manager in &mut fields {
            manager.time.clear();
        }
        managers::write(&mut object, &fields);
        object
    };
    strip(old) == strip(new)
}

fn write_continue(revision: i64, after: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD
        .encode(json!({ "v": "meta.k8s.io/v1", "rv": revision, "start": after }).to_string())
}

fn read_continue(token: &str) -> ApiResult<(i64, Option<String>)> {
    use base64::Engine as _;
    let refuse = || Status::bad_request("continue key is not valid: unable to decode it");
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(token).map_err(|_| refuse())?;
    let token: Value = serde_json::from_slice(&bytes).map_err(|_| refuse())?;
    let revision = token["rv"].as_i64().ok_or_else(refuse)?;
    Ok((revision, token["start"].as_str().map(str::to_owned)))
}
