//! Data sources and lists of a kind.

use std::marker::PhantomData;

use async_trait::async_trait;
use tf_framework::schema::Block;
use tf_framework::{Call, Diagnostics, Result, UntypedDataSource, UntypedList, UntypedListContext, Value};

use crate::codec::{Reading, decode, decode_record};
use crate::description::Kind;
use crate::failures::Doing;
use crate::id::{Id, id_from_text};
use crate::life::{member, query_text, tools};
use crate::memory::Memory;
use crate::query;
use crate::schema::{is_question, list_block, plural_block, singular_block};
use crate::store::{Query, Record, Scope, Store, StoreError};
use crate::table::Table;

/// The data source that reads one object.
pub struct OneSource<S> {
    table: &'static Table,
    kind: &'static Kind,
    store: PhantomData<fn() -> S>,
}

/// The data source that lists objects.
pub struct ManySource<S> {
    table: &'static Table,
    kind: &'static Kind,
    store: PhantomData<fn() -> S>,
}

/// The list resource.
pub struct KindList<S> {
    table: &'static Table,
    kind: &'static Kind,
    store: PhantomData<fn() -> S>,
}

impl<S: Store> OneSource<S> {
    /// The singular data source of a kind.
    #[must_use]
    pub fn new(table: &'static Table, kind: &'static Kind) -> Self {
        Self { table, kind, store: PhantomData }
    }

    /// What is asked for: every question that is answered in the configuration, together.
    fn question(&self, config: &Value) -> Query {
        let mut query = query::query(config);
        let id = member(config, "id").as_number().map(|id| ("id".to_owned(), id.to_string()));
        query.0.extend(id);
        for field in self.kind.fields.iter().filter(|field| is_question(self.kind, field.name)) {
            let value = member(config, field.name);
            let text = value.as_str().map(str::to_owned).or_else(|| Some(value.as_number()?.to_string()));
            query.0.extend(text.map(|text| (field.name.to_owned(), text)));
        }
        query
    }
}

impl<S: Store> OneSource<S> {
    /// The id of the object that is asked for, by its text or by its parts.
    fn named(&self, config: &Value) -> Result<Id> {
        match member(config, "id").as_str() {
            Some(text) => id_from_text(self.kind, text),
            None => self.kind.nature.identity.id_of_parts(config).ok_or_else(|| self.which()),
        }
    }

    fn which(&self) -> Diagnostics {
        let parts = self.kind.nature.identity.parts().join(" and ");
        Diagnostics::error(format!("Which {} is meant?", self.kind.label), format!("Set id, or {parts}."))
    }

    fn validate_named(&self, config: &Value, diagnostics: &mut Diagnostics) {
        let parts = self.kind.nature.identity.parts();
        let given = |name: &&str| !member(config, name).is_null();
        if member(config, "id").is_null() {
            if !parts.iter().all(given) {
                diagnostics.extend(self.which());
            }
        } else if parts.iter().any(given) {
            diagnostics.extend(Diagnostics::error(
                format!("Which {} is meant?", self.kind.label),
                format!("Set either id, or {}.", parts.join(" and ")),
            ));
        }
    }
}

/// What names the place whose objects are listed, where they lie in one.
fn places(kind: &Kind, config: &Value) -> Query {
    let text = |name: &&str| match member(config, name).concrete() {
        Value::String(text) => Some(((*name).to_owned(), text.clone())),
        Value::Number(number) => Some(((*name).to_owned(), number.to_string())),
        _ => None,
    };
    Query(kind.nature.identity.within().iter().filter_map(text).collect())
}

/// The objects that a list asks for.
async fn listed<S: Store>(
    table: &Table,
    kind: &'static Kind,
    store: &S,
    scope: &Scope,
    config: &Value,
    limit: Option<u64>,
) -> std::result::Result<Vec<Record>, StoreError> {
    if kind.nature.identity.is_number() {
        return store.list(scope, kind, &query::query(config), limit).await;
    }
    let mut records = store.list(scope, kind, &places(kind, config), None).await?;
    records.retain(|record| query::is_asked_for(config, &decode_record(table, kind, record, false)));
    records.sort_by(|one, other| one.id.cmp(&other.id));
    records.truncate(limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX));
    Ok(records)
}

#[async_trait]
impl<S: Store> UntypedDataSource for OneSource<S> {
    type Client = S;

    fn name(&self) -> &'static str {
        self.kind.name
    }

    fn subcategory(&self) -> &'static str {
        self.kind.subcategory
    }

    fn block(&self) -> Block {
        singular_block(self.kind)
    }

    fn validate(&self, config: &Value, diagnostics: &mut Diagnostics) {
        if !self.kind.nature.identity.is_number() {
            return self.validate_named(config, diagnostics);
        }
        query::validate(self.kind, config, diagnostics);
        let questions: Vec<&str> = ["id", "filters"]
            .into_iter()
            .chain(
                self.kind.fields.iter().map(|field| field.name).filter(|name| is_question(self.kind, name)),
            )
            .collect();
        if questions.iter().all(|name| member(config, name).is_null()) {
            diagnostics.extend(Diagnostics::error(
                format!("Which {} is meant?", self.kind.label),
                format!("Set at least one of {}.", questions.join(", ")),
            ));
        }
    }

    async fn read(&self, cx: &Call<S>, config: Value) -> Result<Value> {
        let (store, scope) = tools(cx)?;
        let doing = Doing::new("Reading", self.kind, None);
        if !self.kind.nature.identity.is_number() {
            let id = self.named(&config)?;
            let read = store.read(&scope, self.kind, &id).await.map_err(|error| doing.failed::<S>(error))?;
            let record = read.ok_or_else(|| {
                let detail = format!(
                    "{} has no {} with the id {id}, or the token may not see it.",
                    S::NAME,
                    self.kind.label
                );
                Diagnostics::error(doing.summary(), detail)
            })?;
            return Ok(decode_record(self.table, self.kind, &record, true));
        }
        let query = self.question(&config);
        let only_id = match query.0.as_slice() {
            [(name, id)] if name == "id" => id.parse::<u64>().ok().map(Id::from),
            _ => None,
        };
        let found = match only_id {
            Some(id) => store.read(&scope, self.kind, &id).await.map(|record| record.into_iter().collect()),
            None => store.list(&scope, self.kind, &query, Some(3)).await,
        };
        let found: Vec<Record> = found.map_err(|error| doing.failed::<S>(error))?;
        let record = match <[Record; 1]>::try_from(found) {
            Ok([record]) => record,
            Err(found) => return Err(not_one::<S>(self.kind, &doing, &query, found.len())),
        };
        let Value::Object(mut members) = decode_record(self.table, self.kind, &record, true) else {
            return Ok(Value::Null);
        };
        members.insert("filters".to_owned(), member(&config, "filters").clone());
        Ok(Value::Object(members))
    }
}

fn not_one<S: Store>(kind: &Kind, doing: &Doing, query: &Query, count: usize) -> Diagnostics {
    let asked = query_text(query);
    let detail = if count == 0 {
        format!("{} has no {} with {asked}, or the token may not see it.", S::NAME, kind.label)
    } else {
        format!(
            "{} has {count} or more objects of the type {} with {asked}. Ask for one, or use the data source {}.",
            S::NAME,
            kind.label,
            kind.plural
        )
    };
    Diagnostics::error(doing.summary(), detail)
}

impl<S: Store> ManySource<S> {
    /// The plural data source of a kind.
    #[must_use]
    pub fn new(table: &'static Table, kind: &'static Kind) -> Self {
        Self { table, kind, store: PhantomData }
    }
}

#[async_trait]
impl<S: Store> UntypedDataSource for ManySource<S> {
    type Client = S;

    #[allow(clippy::misnamed_getters)]
    fn name(&self) -> &'static str {
        self.kind.plural
    }

    fn subcategory(&self) -> &'static str {
        self.kind.subcategory
    }

    fn block(&self) -> Block {
        plural_block(self.kind)
    }

    fn validate(&self, config: &Value, diagnostics: &mut Diagnostics) {
        query::validate(self.kind, config, diagnostics);
    }

    async fn read(&self, cx: &Call<S>, config: Value) -> Result<Value> {
        let (store, scope) = tools(cx)?;
        let doing = Doing::new("Listing", self.kind, None);
        let limit = member(&config, "limit").as_number().and_then(tf_framework::Number::as_u64);
        let listed = listed(self.table, self.kind, &*store, &scope, &config, limit).await;
        let mut records = listed.map_err(|error| doing.failed::<S>(error))?;
        records.sort_by(|one, other| one.id.cmp(&other.id));
        let ids = records.iter().map(|record| record.id.to_value()).collect();
        let objects =
            records.iter().map(|record| decode_record(self.table, self.kind, record, false)).collect();
        let within = self.kind.nature.identity.within();
        let places = within.iter().map(|name| (*name, member(&config, name).clone()));
        Ok(Value::object(places.chain([
            ("filters", member(&config, "filters").clone()),
            ("limit", member(&config, "limit").clone()),
            ("ids", Value::List(ids)),
            ("objects", Value::List(objects)),
        ])))
    }
}

impl<S: Store> KindList<S> {
    /// The list resource of a kind.
    #[must_use]
    pub fn new(table: &'static Table, kind: &'static Kind) -> Self {
        Self { table, kind, store: PhantomData }
    }
}

#[async_trait]
impl<S: Store> UntypedList for KindList<S> {
    type Client = S;

    fn name(&self) -> &'static str {
        self.kind.name
    }

    fn block(&self) -> Block {
        list_block(self.kind)
    }

    fn validate(&self, config: &Value, diagnostics: &mut Diagnostics) {
        query::validate(self.kind, config, diagnostics);
    }

    async fn list(&self, cx: &mut UntypedListContext<S>, config: Value) -> Result<()> {
        let (store, scope) = tools(cx)?;
        let doing = Doing::new("Listing", self.kind, None);
        let limit = Some(cx.left()).filter(|left| *left < u64::MAX);
        let listed = listed(self.table, self.kind, &*store, &scope, &config, limit).await;
        let schema = crate::schema::resource_schema(self.kind, crate::schema::Purpose::Planning);
        let nothing = Value::object(schema.block.attributes.keys().map(|name| (name.clone(), Value::Null)));
        for record in listed.map_err(|error| doing.failed::<S>(error))? {
            let display = record.body.get("display").and_then(serde_json::Value::as_str).unwrap_or_default();
            let name = match &record.id {
                Id::Text(text) => text.clone(),
                Id::Number(id) if display.is_empty() => format!("{} {id}", self.kind.label),
                Id::Number(_) => display.to_owned(),
            };
            let defaults = store.defaults();
            let decoded = decode(
                self.table,
                self.kind,
                &record,
                &nothing,
                &Memory::default(),
                defaults,
                Reading::Import,
            );
            if !cx.found(name, decoded.object).await {
                break;
            }
        }
        Ok(())
    }
}
