//! A configured NetBox, as the catalogue uses it.

use std::collections::HashMap;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use async_trait::async_trait;
use catalogue::description::{AllocatorParent, Kind, Presence, Version};
use catalogue::store::{
    Body, Cause, CustomField, CustomFieldType, Defaults, Id, Problem, Query, Record, Scope, Store,
    StoreError, Upload,
};
use catalogue::{Run, Table};
use serde_json::Value as Json;
use tf_framework::Diagnostics;
use transport_rest::Budget;

use crate::api::{
    CustomFieldDefinition, Error, Etag, FaultKind, FilePart, NetBox, Object, PathStep, Settings,
    SettingsError,
};
use crate::predecessors::predecessor;
use crate::table::{ALLOCATORS, KINDS, SETTERS};

/// Everything that NetBox keeps.
pub static TABLE: Table = Table::new(KINDS, SETTERS, ALLOCATORS)
    .labelled_by("extras/tags", "extras/custom-fields")
    .preceded_by(predecessor);

/// How far back an interrupted run is looked for.
const LEFTOVERS: Duration = Duration::from_secs(24 * 60 * 60);

/// What stands before a stamp in the changelog.
pub(crate) const STAMP: &str = "hybridops:";

/// One configured NetBox.
pub struct Client {
    /// The API.
    pub api: NetBox,
    defaults: Defaults,
    run: Run,
}

impl Client {
    /// A client. Opens no connection.
    ///
    /// # Errors
    /// The settings cannot work.
    pub fn new(settings: Settings, defaults: Defaults) -> Result<Self, SettingsError> {
        Ok(Self { api: NetBox::new(settings)?, defaults, run: Run::default() })
    }
}

impl Client {
    /// The answer to a write, or what is read afterwards where a server is known to answer wrongly: up to 4.3 the ends
    /// of a VLAN group's ranges are one too low in the answer to a POST, and right when read.
    async fn trusted(
        &self,
        scope: &Scope,
        kind: &'static Kind,
        object: Object,
    ) -> Result<Record, StoreError> {
        let ranges = object.fields.get("vid_ranges").is_some_and(|ranges| !ranges.is_null());
        if kind.path == "ipam/vlan-groups" && ranges && self.version(scope).await? < Version::new(4, 4) {
            return self.read(scope, kind, &object.id.into()).await?.ok_or(StoreError::Gone);
        }
        Ok(self.record(kind, object))
    }
}

/// The limits of an operation, as the transport wants them.
pub(crate) fn budget(scope: &Scope) -> Budget {
    Budget::new(Some(scope.deadline.into_std()), scope.cancel.clone())
}

fn bare_record(object: Object) -> Record {
    Record {
        id: object.id.into(),
        seen: object.etag().map(|etag| etag.as_str().to_owned()),
        body: object.fields,
    }
}

impl Client {
    /// An object without what is a secret, and without what this version has another meaning for: before 4.5 the key
    /// of a token is the token itself.
    fn record(&self, kind: &'static Kind, object: Object) -> Record {
        let mut record = bare_record(object);
        let version = self.api.known_version();
        record.body.retain(|key, _| {
            let mut fields = kind.fields.iter().filter(|field| field.wire == key).peekable();
            let is_shown = |field: &catalogue::description::Field| {
                !field.secret && version.is_none_or(|version| field.available.covers(version))
            };
            fields.peek().is_none() || fields.any(is_shown)
        });
        record
    }
}

/// The number that an object has.
fn number(id: &Id) -> Result<u64, StoreError> {
    let told = || {
        Diagnostics::error("The id is no number", format!("NetBox numbers its objects; {id} is no number."))
    };
    id.number().ok_or_else(|| StoreError::Told(told()))
}

/// A failed call in the catalogue's terms.
#[allow(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
pub(crate) fn failure(error: Error) -> StoreError {
    match &error {
        Error::Invalid(invalid) => StoreError::Refused(
            invalid
                .faults
                .iter()
                .map(|fault| Problem {
                    path: fault.path.iter().filter_map(step).collect(),
                    message: fault.message.clone(),
                    cause: cause(fault.kind),
                })
                .collect(),
        ),
        Error::Gone { .. } => StoreError::Gone,
        Error::Changed { .. } => StoreError::Changed,
        Error::Exhausted { detail, .. } => StoreError::Exhausted(format!("NetBox says: {detail}")),
        _ => StoreError::Told(Diagnostics::error(summary(&error), format!("{error}{}", advice(&error)))),
    }
}

fn summary(error: &Error) -> &'static str {
    match error {
        Error::Unauthenticated { .. } => "NetBox does not accept the token",
        Error::Forbidden(_) => "The token may not do this",
        Error::Blocked(_) => "Other objects are in the way",
        Error::NotTheApi(_) => "What answered is not NetBox's API",
        Error::Transport(_) => "NetBox could not be reached",
        Error::Interrupted(_) => "Interrupted",
        _ => "NetBox refused",
    }
}

fn advice(error: &Error) -> &'static str {
    match error {
        Error::Unauthenticated { .. } => " Check `netbox.token` of the provider, or NETBOX_API_TOKEN.",
        Error::Blocked(_) => {
            "\nDelete them first, or point them at another object. Where the same run does that, set lifecycle { \
             create_before_destroy = true } on this resource: Terraform then lets go of it everywhere before it deletes it."
        }
        Error::Transport(_) => " Check `netbox.url` of the provider, or NETBOX_SERVER_URL.",
        _ => "",
    }
}

fn step(step: &PathStep) -> Option<String> {
    match step {
        PathStep::Field(name) => Some(name.clone()),
        PathStep::Index(_) => None,
    }
}

fn cause(kind: FaultKind) -> Cause {
    match kind {
        FaultKind::Duplicate => Cause::Duplicate,
        FaultKind::ReferenceNotFound => Cause::NotFound,
        FaultKind::ReferenceAmbiguous => Cause::Ambiguous,
        _ => Cause::Other,
    }
}

fn custom_field(definition: &CustomFieldDefinition) -> CustomField {
    let holds = match definition.kind.as_str() {
        "text" | "longtext" | "url" => CustomFieldType::Text,
        "integer" => CustomFieldType::Integer,
        "decimal" => CustomFieldType::Decimal,
        "boolean" => CustomFieldType::Boolean,
        "date" => CustomFieldType::Date,
        "datetime" => CustomFieldType::DateTime,
        "json" => CustomFieldType::Json,
        "select" => CustomFieldType::Select,
        "multiselect" => CustomFieldType::MultiSelect,
        "object" => CustomFieldType::Object,
        "multiobject" => CustomFieldType::MultiObject,
        _ => CustomFieldType::Other,
    };
    let values = |choices: &Vec<(String, String)>| choices.iter().map(|(value, _)| value.clone()).collect();
    let target = definition.related_object_type.as_deref().and_then(path_of);
    CustomField {
        name: definition.name.clone(),
        holds,
        required: definition.required,
        has_default: !definition.default.is_null(),
        choices: definition.choices.as_ref().map(values),
        target,
    }
}

/// The path of the kind that the API calls by a model's name.
pub(crate) fn path_of(model: &str) -> Option<String> {
    static PATHS: OnceLock<HashMap<&'static str, &'static str>> = OnceLock::new();
    let paths = PATHS.get_or_init(|| KINDS.iter().map(|kind| (kind.model, kind.path)).collect());
    paths.get(model).map(|path| (*path).to_owned())
}

fn part(upload: &Upload) -> FilePart {
    let path = Path::new(&upload.path);
    let name = path.file_name().map_or_else(|| "file".to_owned(), |name| name.to_string_lossy().into_owned());
    FilePart { field: upload.key.clone(), file_name: name, path: path.to_owned() }
}

/// Fields as a form takes them. What is no text goes by an update afterwards.
fn form(body: &Body) -> (Vec<(String, String)>, Body) {
    let mut texts = Vec::new();
    let mut rest = Body::new();
    for (name, value) in body {
        match value {
            Json::String(text) => texts.push((name.clone(), text.clone())),
            Json::Number(number) => texts.push((name.clone(), number.to_string())),
            Json::Bool(bool) => texts.push((name.clone(), bool.to_string())),
            other => {
                rest.insert(name.clone(), other.clone());
            }
        }
    }
    (texts, rest)
}

#[async_trait]
impl Store for Client {
    const NAME: &'static str = "NetBox";

    /// Empty choices became null in the database with 4.2; before, null for a choice may end in a 500. Since, null is
    /// what every choice takes that can be cleared; an empty text is refused by some.
    fn clears_choices_with_blank(version: Version) -> bool {
        version < Version::new(4, 2)
    }

    fn adds_single_tags(version: Version) -> bool {
        version >= Version::new(4, 6)
    }

    async fn version(&self, scope: &Scope) -> Result<Version, StoreError> {
        self.api.version(&budget(scope)).await.map_err(failure)
    }

    fn defaults(&self) -> &Defaults {
        &self.defaults
    }

    fn run(&self) -> &Run {
        &self.run
    }

    async fn read(&self, scope: &Scope, kind: &'static Kind, id: &Id) -> Result<Option<Record>, StoreError> {
        let found =
            self.api.read(kind.path, number(id)?, kind.omit, &budget(scope)).await.map_err(failure)?;
        Ok(found.map(|object| self.record(kind, (*object).clone())))
    }

    async fn create(
        &self,
        scope: &Scope,
        kind: &'static Kind,
        body: Body,
        files: &[Upload],
        stamp: &str,
    ) -> Result<Record, StoreError> {
        let stamp = format!("{STAMP}{stamp}");
        let budget = budget(scope);
        if files.is_empty() {
            let made = self.api.create(kind.path, body, Some(&stamp), &budget).await.map_err(failure)?;
            return self.trusted(scope, kind, made).await;
        }
        let parts: Vec<FilePart> = files.iter().map(part).collect();
        let needed = |file: &Upload| {
            kind.field_on_wire(&file.key).is_some_and(|field| field.presence == Presence::Required)
        };
        if !files.iter().any(needed) {
            // A form cannot hold what JSON can: the files follow.
            let made = self.api.create(kind.path, body, Some(&stamp), &budget).await.map_err(failure)?;
            let uploaded = self.api.upload(kind.path, Some(made.id), Vec::new(), parts, None, &budget).await;
            return uploaded.map(|made| self.record(kind, made)).map_err(failure);
        }
        let (texts, rest) = form(&body);
        let made =
            self.api.upload(kind.path, None, texts, parts, Some(&stamp), &budget).await.map_err(failure)?;
        if rest.is_empty() {
            return Ok(self.record(kind, made));
        }
        let updated = self.api.update(kind.path, made.id, rest, None, &budget).await;
        updated.map(|made| self.record(kind, made)).map_err(failure)
    }

    async fn update(
        &self,
        scope: &Scope,
        kind: &'static Kind,
        id: &Id,
        changes: Body,
        files: &[Upload],
        seen: Option<&str>,
    ) -> Result<Record, StoreError> {
        let budget = budget(scope);
        let number = number(id)?;
        let seen = seen.map(Etag::new);
        let mut written = None;
        if !changes.is_empty() {
            let updated = self.api.update(kind.path, number, changes, seen.as_ref(), &budget).await;
            written = Some(updated.map_err(failure)?);
        }
        if !files.is_empty() {
            let parts = files.iter().map(part).collect();
            let uploaded = self.api.upload(kind.path, Some(number), Vec::new(), parts, None, &budget).await;
            written = Some(uploaded.map_err(failure)?);
        }
        match written {
            Some(object) => self.trusted(scope, kind, object).await,
            None => self.read(scope, kind, id).await?.ok_or(StoreError::Gone),
        }
    }

    async fn delete(&self, scope: &Scope, kind: &'static Kind, id: &Id) -> Result<(), StoreError> {
        self.api.delete(kind.path, number(id)?, None, &budget(scope)).await.map(|_| ()).map_err(failure)
    }

    async fn allocate(
        &self,
        scope: &Scope,
        parent: &'static AllocatorParent,
        id: u64,
        bodies: Vec<Body>,
        stamp: &str,
    ) -> Result<Vec<Record>, StoreError> {
        let stamp = format!("{STAMP}{stamp}");
        let taken =
            self.api.allocate(parent.kind, id, parent.endpoint, bodies, Some(&stamp), &budget(scope)).await;
        Ok(taken.map_err(failure)?.into_iter().map(bare_record).collect())
    }

    async fn list(
        &self,
        scope: &Scope,
        kind: &'static Kind,
        query: &Query,
        limit: Option<u64>,
    ) -> Result<Vec<Record>, StoreError> {
        let listed = self.api.list(kind.path, &query.0, limit, &budget(scope)).await.map_err(failure)?;
        Ok(listed.into_iter().map(|object| self.record(kind, object)).collect())
    }

    async fn look_up(
        &self,
        scope: &Scope,
        kind: &'static Kind,
        filter: &str,
        values: &[String],
    ) -> Result<Vec<Record>, StoreError> {
        let found = self.api.look_up(kind.path, filter, values, &budget(scope)).await.map_err(failure)?;
        Ok(found.into_iter().map(|object| self.record(kind, (*object).clone())).collect())
    }

    async fn choices(
        &self,
        scope: &Scope,
        kind: &'static Kind,
        wire: &str,
    ) -> Result<Option<Vec<String>>, StoreError> {
        let choices = self.api.choices(kind.path, &budget(scope)).await.map_err(failure)?;
        Ok(choices.of(wire).map(|choices| choices.iter().map(|choice| choice.value.clone()).collect()))
    }

    async fn custom_fields(
        &self,
        scope: &Scope,
        kind: &'static Kind,
    ) -> Result<Vec<CustomField>, StoreError> {
        let all = self.api.custom_fields(&budget(scope)).await.map_err(failure)?;
        Ok(all.iter().filter(|field| field.applies_to(kind.model)).map(custom_field).collect())
    }

    async fn stamped(&self, scope: &Scope, kind: &'static Kind, stamp: &str) -> Result<Vec<Id>, StoreError> {
        let leftovers = self.api.leftovers(LEFTOVERS, &budget(scope)).await.map_err(failure)?;
        Ok(leftovers.find(kind.model, &format!("{STAMP}{stamp}")).iter().copied().map(Id::from).collect())
    }
}
