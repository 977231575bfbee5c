//! The managed resource of a kind.

mod body;
mod create;
pub(crate) mod planning;
pub(crate) mod update;

pub(crate) use body::{Change, stamp};

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use tf_framework::schema::{IdentitySchema, Schema};
use tf_framework::{
    Call, Diagnostics, ImportId, MoveSource, Path, Result, UntypedContext, UntypedPlan, UntypedResource,
    Value,
};

use crate::codec::{Reading, Resolution, cleared};
use crate::description::{Identity, Kind};
use crate::id::{Id, id_from_text, id_of, identity_schema};
use crate::life::{Place, member, tools};
use crate::memory::Memory;
use crate::schema::{Purpose, resource_schema};
use crate::store::{Body, Query, Record, Scope, Store};
use crate::table::Table;

/// The managed resource of a kind: every object of it is one of these.
pub struct ObjectResource<S> {
    pub(crate) place: Place,
    planning: OnceLock<Schema>,
    store: std::marker::PhantomData<fn() -> S>,
}

impl<S: Store> ObjectResource<S> {
    /// The resource of a kind of the table.
    #[must_use]
    pub fn new(table: &'static Table, kind: &'static Kind) -> Self {
        Self { place: Place { table, kind }, planning: OnceLock::new(), store: std::marker::PhantomData }
    }

    /// The resource of a kind whose plans are made by another schema than the kind's own.
    pub(crate) fn with_planning(table: &'static Table, kind: &'static Kind, planning: Schema) -> Self {
        let resource = Self::new(table, kind);
        let _ = resource.planning.set(planning);
        resource
    }

    fn kind(&self) -> &'static Kind {
        self.place.kind
    }

    fn planning_schema(&self) -> &Schema {
        self.planning.get_or_init(|| resource_schema(self.kind(), Purpose::Planning))
    }

    /// An answer as the new state, with what is remembered of it put where it is kept.
    fn remember(
        &self,
        cx: &mut UntypedContext<S>,
        store: &S,
        record: &Record,
        hint: &Value,
        memory: &Memory,
        reading: Reading,
    ) -> Value {
        let mut settled = self.place.settled(store, record, hint, memory, reading);
        settled.memory.owned = owned(self.kind(), hint, memory, reading);
        cx.private = settled.memory.store();
        settled.object
    }

    async fn found(&self, call: &Call<S>, query: &Query) -> Result<Record> {
        let (store, scope) = tools(call)?;
        let doing = self.place.doing("Importing", &Value::Null);
        let records = store
            .list(&scope, self.kind(), query, Some(3))
            .await
            .map_err(|error| doing.failed::<S>(error))?;
        let asked = crate::life::query_text(query);
        let problem = |what: String| Diagnostics::error(doing.summary(), what);
        match <[Record; 1]>::try_from(records) {
            Ok([record]) => Ok(record),
            Err(none) if none.is_empty() => Err(problem(format!(
                "{} has no {} with {asked}, or the token may not see it.",
                S::NAME,
                self.kind().label
            ))),
            Err(_) => Err(problem(format!(
                "{} has several objects of the type {} with {asked}. Give more of its key, or its id.",
                S::NAME,
                self.kind().label
            ))),
        }
    }
}

/// The keys of the custom fields that the configuration owns from now on.
fn owned(kind: &Kind, hint: &Value, memory: &Memory, reading: Reading) -> Vec<String> {
    let Some(field) = kind.custom_fields() else { return Vec::new() };
    match (reading, member(hint, field.name).as_map()) {
        (Reading::Import, _) => Vec::new(),
        (Reading::Known, Some(keys)) if !memory.owned.is_empty() => {
            keys.keys().filter(|key| memory.owned.contains(*key)).cloned().collect()
        }
        (Reading::Known, _) => memory.owned.clone(),
    }
}

#[async_trait]
impl<S: Store> UntypedResource for ObjectResource<S> {
    type Client = S;

    fn name(&self) -> &'static str {
        self.kind().name
    }

    fn subcategory(&self) -> &'static str {
        self.kind().subcategory
    }

    fn schema(&self) -> Schema {
        resource_schema(self.kind(), Purpose::Shown)
    }

    fn identity(&self) -> Option<IdentitySchema> {
        Some(identity_schema(self.kind()))
    }

    fn validate(&self, config: &Value, diagnostics: &mut Diagnostics) {
        planning::validate(&self.place, config, diagnostics);
    }

    async fn plan(&self, cx: &Call<S>, plan: &mut UntypedPlan) -> Result<()> {
        planning::plan(self, cx, plan).await
    }

    async fn create(&self, cx: &mut UntypedContext<S>, plan: Value) -> Result<Value> {
        create::create(self, cx, plan).await
    }

    async fn read(&self, cx: &mut UntypedContext<S>, state: Value) -> Result<Option<Value>> {
        let (store, scope) = tools(cx)?;
        let doing = self.place.doing("Reading", &state);
        let memory = Memory::load(&cx.private)?;
        let id = id_of(self.kind(), &state).ok_or_else(|| {
            Diagnostics::error(
                doing.summary(),
                "The state has no id. Remove it from the state and import it anew.",
            )
        })?;
        let record = store.read(&scope, self.kind(), &id).await.map_err(|error| doing.failed::<S>(error))?;
        let Some(record) = record else { return Ok(None) };
        store.run().claim(self.kind().path, &id);
        // Only what was taken over from another provider has no address yet.
        let moved = self.kind().nature.identity.is_number() && member(&state, "url").is_null();
        let reading = if moved { Reading::Import } else { Reading::Known };
        Ok(Some(self.remember(cx, &store, &record, &state, &memory, reading)))
    }

    async fn update(&self, cx: &mut UntypedContext<S>, prior: Value, plan: Value) -> Result<Value> {
        update::update(self, cx, prior, plan).await
    }

    async fn delete(&self, cx: &mut UntypedContext<S>, state: Value) -> Result<()> {
        let (store, scope) = tools(cx)?;
        let doing = self.place.doing("Deleting", &state);
        let Some(id) = id_of(self.kind(), &state) else { return Ok(()) };
        let deleted = if self.kind().nature.standing {
            store.reset(&scope, self.kind(), &id, what_was_set(self.kind(), &state)).await
        } else {
            store.delete(&scope, self.kind(), &id).await
        };
        deleted.map_err(|error| doing.failed::<S>(error))
    }

    /// Takes over the object of another provider by its id. What it is like is read when it is refreshed.
    fn move_from(&self, source: &MoveSource) -> Option<Result<Value>> {
        let successor = self.place.table.successor(&source.provider, &source.type_name)?;
        if successor != self.kind().name {
            return None;
        }
        let nothing = empty_object(&self.planning_schema().block);
        Some(source.state.value().and_then(|state| with_id_of(&state, nothing, &source.type_name)))
    }

    async fn import(&self, cx: &mut UntypedContext<S>, id: ImportId) -> Result<Value> {
        let wanted = wanted(&self.place, &id)?;
        let record = match wanted {
            Wanted::Id(id) => {
                let (store, scope) = tools(cx)?;
                let doing = self.place.doing("Importing", &Value::Null);
                let record =
                    store.read(&scope, self.kind(), &id).await.map_err(|error| doing.failed::<S>(error))?;
                record.ok_or_else(|| {
                    Diagnostics::error(
                        doing.summary(),
                        format!(
                            "{} has no {} with the id {id}, or the token may not see it.",
                            S::NAME,
                            self.kind().label
                        ),
                    )
                })?
            }
            Wanted::Query(query) => self.found(cx, &query).await?,
        };
        let store = cx.client()?;
        let nothing = empty_object(&self.planning_schema().block);
        Ok(self.remember(cx, &store, &record, &nothing, &Memory::default(), Reading::Import))
    }
}

/// The id that another provider has in its state, as a number or a text, in an object that has nothing else.
fn with_id_of(state: &Value, nothing: Value, type_name: &str) -> Result<Value> {
    let id = member(state, "id");
    let number = || id.as_number().and_then(tf_value::Number::as_u64);
    let id: Option<u64> = number().or_else(|| id.as_str().and_then(|text| text.trim().parse().ok()));
    let Some(id) = id else {
        let detail =
            format!("The state of the {type_name} has no id that is a number. Use an import block instead.");
        return Err(Diagnostics::error("State cannot be taken over", detail));
    };
    let Value::Object(mut members) = nothing else { return Ok(nothing) };
    members.insert("id".to_owned(), Value::from(id));
    Ok(Value::Object(members))
}

/// An object all of whose attributes are null.
fn empty_object(block: &tf_framework::schema::Block) -> Value {
    Value::object(block.attributes.keys().map(|name| (name.clone(), Value::Null)))
}

/// What empties the fields that a state has.
fn what_was_set(kind: &Kind, state: &Value) -> Body {
    let mut body = Body::new();
    let parts = kind.nature.identity.parts();
    for field in kind.fields.iter().filter(|field| !parts.contains(&field.name)) {
        if member(state, field.name).is_known() && field.presence != crate::description::Presence::ReadOnly {
            cleared(field, false, &mut body);
        }
    }
    body
}

/// The number that an object in state is known by.
pub(crate) fn number_of(object: &Value) -> Option<u64> {
    member(object, "id").as_number().and_then(tf_value::Number::as_u64)
}

enum Wanted {
    Id(Id),
    Query(Query),
}

/// What an import asks for.
fn wanted(place: &Place, id: &ImportId) -> Result<Wanted> {
    if place.kind.nature.identity.is_number() {
        return import_query(place, id);
    }
    match id {
        ImportId::Id(text) => id_from_text(place.kind, text).map(Wanted::Id),
        ImportId::Identity(identity) => {
            id_of(place.kind, identity).map(Wanted::Id).ok_or_else(|| bad_id(place, ""))
        }
    }
}

/// What an import asks for: an id, `key=value` pairs, or the value of a key that is one field.
fn import_query(place: &Place, id: &ImportId) -> Result<Wanted> {
    let text = match id {
        ImportId::Identity(identity) => {
            return number_of(identity).map(|id| Wanted::Id(id.into())).ok_or_else(|| bad_id(place, ""));
        }
        ImportId::Id(text) => text.trim(),
    };
    if let Ok(id) = text.parse::<u64>() {
        return Ok(Wanted::Id(id.into()));
    }
    let simple =
        place.kind.lookup.iter().find(|name| place.kind.filters.iter().any(|filter| filter.name == **name));
    if !text.contains('=') {
        return match simple {
            Some(name) if !text.is_empty() => {
                Ok(Wanted::Query(Query(vec![((*name).to_owned(), text.to_owned())])))
            }
            _ => Err(bad_id(place, text)),
        };
    }
    let pair = |part: &str| {
        let (name, value) = part.split_once('=')?;
        let name = name.trim();
        let known = |filter: &&crate::description::Filter| {
            filter.name == name
                || filter.suffixes.iter().any(|suffix| format!("{}__{suffix}", filter.name) == name)
        };
        place.kind.filters.iter().find(known)?;
        Some((name.to_owned(), value.trim().to_owned()))
    };
    match text.split(',').map(pair).collect::<Option<Vec<_>>>() {
        Some(pairs) => Ok(Wanted::Query(Query(pairs))),
        None => Err(bad_id(place, text)),
    }
}

fn bad_id(place: &Place, given: &str) -> Diagnostics {
    Diagnostics::error(
        format!("Import of a {} needs an id or a key", place.kind.label),
        format!("{given:?} is neither. Give {}.", import_forms(place.kind)),
    )
}

/// The forms in which an object can be named for import, for messages and documentation.
#[must_use]
pub fn import_forms(kind: &Kind) -> String {
    match kind.nature.identity {
        Identity::Number => {}
        Identity::Only(id) => return format!("the id `{id}`"),
        Identity::Parts { parts, .. } => {
            let forms: Vec<String> = parts.iter().map(|part| format!("<{part}>")).collect();
            return format!("its id, `{}`", forms.join("/"));
        }
    }
    let mut forms = vec!["its id (`5`)".to_owned()];
    let by_filter = |name: &&str| kind.filters.iter().any(|filter| filter.name == *name);
    if let Some(name) = kind.lookup.iter().copied().find(by_filter) {
        forms.push(format!("its {name}"));
    }
    for key in kind.keys.iter().filter(|key| key.parts.len() > 1).take(1) {
        let parts: Vec<String> = key.parts.iter().map(|part| format!("{}=…", part.filter)).collect();
        forms.push(format!("its key (`{}`)", parts.join(",")));
    }
    forms.join(", or ")
}

/// The path of an attribute at the root.
pub(crate) fn at(name: &str) -> Path {
    Path::root().attribute(name)
}

/// What an operation has to work with.
pub(crate) struct Work<S> {
    pub(crate) store: Arc<S>,
    pub(crate) scope: Scope,
    pub(crate) ids: Resolution,
}
