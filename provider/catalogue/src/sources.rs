//! Data sources and lists of a kind.

use std::marker::PhantomData;

use async_trait::async_trait;
use tf_framework::schema::Block;
use tf_framework::{Call, Diagnostics, Result, UntypedDataSource, UntypedList, UntypedListContext, Value};

use crate::codec::{Reading, decode, decode_record};
use crate::description::Kind;
use crate::failures::Doing;
use crate::life::{member, query_text, tools};
use crate::memory::Memory;
use crate::query;
use crate::schema::{is_question, list_block, plural_block, singular_block};
use crate::store::{Query, Record, Store};
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
        let query = self.question(&config);
        let only_id = match query.0.as_slice() {
            [(name, id)] if name == "id" => id.parse().ok(),
            _ => None,
        };
        let found = match only_id {
            Some(id) => store.read(&scope, self.kind, id).await.map(|record| record.into_iter().collect()),
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
        let listed = store.list(&scope, self.kind, &query::query(&config), limit).await;
        let mut records = listed.map_err(|error| doing.failed::<S>(error))?;
        records.sort_by_key(|record| record.id);
        let ids = records.iter().map(|record| Value::from(record.id)).collect();
        let objects =
            records.iter().map(|record| decode_record(self.table, self.kind, record, false)).collect();
        Ok(Value::object([
            ("filters", member(&config, "filters").clone()),
            ("limit", member(&config, "limit").clone()),
            ("ids", Value::List(ids)),
            ("objects", Value::List(objects)),
        ]))
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
        let listed = store.list(&scope, self.kind, &query::query(&config), limit).await;
        let schema = crate::schema::resource_schema(self.kind, crate::schema::Purpose::Planning);
        let nothing = Value::object(schema.block.attributes.keys().map(|name| (name.clone(), Value::Null)));
        for record in listed.map_err(|error| doing.failed::<S>(error))? {
            let display = record.body.get("display").and_then(serde_json::Value::as_str).unwrap_or_default();
            let name = if display.is_empty() {
                format!("{} {}", self.kind.label, record.id)
            } else {
                display.to_owned()
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
