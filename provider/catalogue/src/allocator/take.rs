//! Taking, topping up and giving back.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use tf_framework::{Diagnostic, Diagnostics, Result, UntypedContext, UntypedPlan, Value};

use super::{AllocatorResource, filters_of};
use crate::codec::{Reading, Resolution, encode};
use crate::description::{AllocatorParent, Version};
use crate::failures::Doing;
use crate::id::Id;
use crate::life::{member, tools};
use crate::memory::Memory;
use crate::object::{Change, Work, at, number_of, stamp, update};
use crate::query;
use crate::reference::{Reference, Referent};
use crate::resolve::{Wanted, complaints, resolve};
use crate::store::{Body, Record, Store, StoreError};

/// The ids of everything that was taken.
pub(super) fn ids(state: &Value) -> Vec<u64> {
    let allocated = member(state, "allocated").as_list().unwrap_or_default();
    let ids: Vec<u64> = allocated.iter().filter_map(number_of).collect();
    if ids.is_empty() { number_of(state).into_iter().collect() } else { ids }
}

fn quantity(plan: &Value) -> usize {
    let number = member(plan, "quantity").as_number().and_then(tf_value::Number::as_u64);
    number.and_then(|number| usize::try_from(number).ok()).unwrap_or(1)
}

/// A pool that may be taken from.
struct Pool {
    parent: &'static AllocatorParent,
    referent: Referent,
}

impl<S: Store> AllocatorResource<S> {
    /// What is taken changes where there is too little of it, or too much.
    pub(super) fn plan_quantity(&self, plan: &mut UntypedPlan) {
        if plan.prior.is_null() || quantity(&plan.planned) == ids(&plan.prior).len() {
            return;
        }
        if let Value::Object(planned) = &mut plan.planned {
            planned.insert("allocated".to_owned(), Value::UNKNOWN);
        }
    }

    pub(super) fn with_allocated(&self, object: Value, records: &[Record]) -> Value {
        let Value::Object(mut members) = object else { return object };
        let field = self.allocator.decided.first().and_then(|name| self.kind().field(name));
        let text = |record: &Record| match field.and_then(|field| record.body.get(field.wire)) {
            Some(Json::String(text)) => Value::from(text.as_str()),
            Some(Json::Number(number)) => Value::from(number.to_string()),
            _ => Value::Null,
        };
        let one = |record: &Record| Value::object([("id", record.id.to_value()), ("value", text(record))]);
        members.insert("allocated".to_owned(), Value::List(records.iter().map(one).collect()));
        Value::Object(members)
    }

    /// What the pool was, as remembered; reads of the objects do not tell.
    pub(super) fn parents_remembered(&self, memory: &Memory) -> BTreeMap<String, Vec<Referent>> {
        let remembered = |parent: &AllocatorParent| {
            let referents = memory.references.get(parent.name)?;
            Some((parent.name.to_owned(), referents.clone()))
        };
        self.allocator.parents.iter().filter_map(remembered).collect()
    }

    pub(super) async fn take(&self, cx: &mut UntypedContext<S>, plan: Value) -> Result<Value> {
        let (store, scope) = tools(cx)?;
        let place = &self.object.place;
        let doing = place.doing("Allocating", &plan);
        let memory = Memory::load(&cx.private)?;
        let version = store.version(&scope).await.map_err(|error| doing.failed::<S>(error))?;
        let ids = place.resolved(&*store, &scope, &doing, &plan, |_| true).await?;
        let work = Work { store, scope, ids };
        let body = self.body(&work, version, &plan);
        let pools = self.pools(&work, &doing, &plan).await?;
        let excluded = excluded(&memory);
        let wanted = quantity(&plan);
        let mut full = None;
        for pool in &pools {
            let stamp = self.stamp(pool, &plan);
            let mut records = self.left_behind(cx, &work, &doing, &stamp, &excluded, wanted).await?;
            let is_partly_there = !records.is_empty();
            if records.len() < wanted {
                let bodies = vec![body.clone(); wanted - records.len()];
                match work.store.allocate(&work.scope, pool.parent, pool.referent.id, bodies, &stamp).await {
                    Ok(taken) => records.extend(taken),
                    Err(StoreError::Exhausted(what)) if !is_partly_there => {
                        full = Some(what);
                        continue;
                    }
                    Err(error) => return Err(doing.failed::<S>(error)),
                }
            }
            return self.settle(cx, &work, &doing, version, pool, records, plan, is_partly_there).await;
        }
        let what = full.unwrap_or_else(|| "No pool matches the filters.".to_owned());
        Err(doing.failed::<S>(StoreError::Exhausted(what)))
    }

    fn stamp(&self, pool: &Pool, plan: &Value) -> String {
        let key = member(plan, "key").as_str().unwrap_or_default();
        stamp(self.kind(), &Body::new(), &format!("{}/{}/{key}", pool.parent.kind, pool.referent.id))
    }

    fn body(&self, work: &Work<S>, version: Version, plan: &Value) -> Body {
        let change = Change {
            place: &self.object.place,
            prior: &Value::Null,
            planned: plan,
            memory: &Memory::default(),
            defaults: work.store.defaults(),
            version,
            ids: &work.ids,
        };
        let mut body = change.whole::<S>();
        for name in self.allocator.decided {
            if let Some(field) = self.kind().field(name) {
                body.remove(field.wire);
            }
        }
        for field in self.allocator.request {
            let value = member(plan, field.name);
            if value.is_known() {
                encode(self.table, field, value, &Resolution::default(), &mut body);
            }
        }
        body
    }

    /// The pools to try, in order.
    async fn pools(&self, work: &Work<S>, doing: &Doing, plan: &Value) -> Result<Vec<Pool>> {
        let mut pools = Vec::new();
        for parent in self.allocator.parents {
            let Some(kind) = self.table.kind(parent.kind) else { continue };
            let form = member(plan, parent.name);
            if form.is_known() {
                let wrong = |detail: String| Diagnostics::error_at(at(parent.name), doing.summary(), detail);
                let reference = Reference::of(form).map_err(|error| wrong(error.to_string()))?;
                let wanted = match &reference {
                    Reference::Id(_) => Vec::new(),
                    _ => vec![Wanted { path: at(parent.name), kind, reference: reference.clone() }],
                };
                let (ids, unresolved) = resolve(&*work.store, &work.scope, &wanted)
                    .await
                    .map_err(|error| doing.failed::<S>(error))?;
                complaints(&crate::run::Run::default(), S::NAME, &unresolved).into_result(())?;
                let id = ids.id(kind.path, &reference).ok_or_else(|| {
                    wrong("This form of reference cannot be looked for here: use the pool's id.".to_owned())
                })?;
                let known_as = match reference {
                    Reference::Text(text) => {
                        vec![(crate::reference::text_field(&text, kind.lookup).to_owned(), text)]
                    }
                    _ => Vec::new(),
                };
                pools.push(Pool { parent, referent: Referent { id, known_as } });
            }
            let filters = member(plan, &filters_of(parent));
            if filters.is_known() {
                let asked = query::query(&Value::object([("filters", filters.clone())]));
                let found = work.store.list(&work.scope, kind, &asked, None).await;
                let found = found.map_err(|error| doing.failed::<S>(error))?;
                pools.extend(
                    found
                        .into_iter()
                        .filter_map(|record| record.id.number())
                        .map(|id| Pool { parent, referent: Referent { id, known_as: Vec::new() } }),
                );
            }
        }
        Ok(pools)
    }

    /// What an interrupted run has taken for this allocation.
    async fn left_behind(
        &self,
        cx: &UntypedContext<S>,
        work: &Work<S>,
        doing: &Doing,
        stamp: &str,
        excluded: &[u64],
        wanted: usize,
    ) -> Result<Vec<Record>> {
        let failed = |error| doing.failed::<S>(error);
        let stamped = work.store.stamped(&work.scope, self.kind(), stamp).await.map_err(failed)?;
        let mut stamped: Vec<u64> = stamped.iter().filter_map(Id::number).collect();
        stamped.sort_unstable();
        stamped.dedup();
        let mut records = Vec::new();
        for id in stamped.into_iter().filter(|id| !excluded.contains(id)) {
            if records.len() == wanted || work.store.run().is_claimed(self.kind().path, id) {
                continue;
            }
            if let Some(record) =
                work.store.read(&work.scope, self.kind(), &id.into()).await.map_err(failed)?
                && work.store.run().claim(self.kind().path, &record.id)
            {
                records.push(record);
            }
        }
        if !records.is_empty() {
            cx.warn(Diagnostic::warning(
                "What an interrupted run had taken was taken over",
                format!("A run that was interrupted had taken {} for this key already.", ids_of(&records)),
            ));
        }
        Ok(records)
    }

    #[allow(clippy::too_many_arguments)]
    async fn settle(
        &self,
        cx: &mut UntypedContext<S>,
        work: &Work<S>,
        doing: &Doing,
        version: Version,
        pool: &Pool,
        mut records: Vec<Record>,
        plan: Value,
        compare: bool,
    ) -> Result<Value> {
        let place = &self.object.place;
        let Some(first) = records.first().cloned() else {
            let detail = format!("{} gave nothing and no reason.", S::NAME);
            return Err(Diagnostics::error(doing.summary(), detail));
        };
        for record in &records {
            work.store.run().claim(self.kind().path, &record.id);
        }
        let knowing = place.knowing(&Memory::default(), &plan, &work.ids);
        let object = update::state_of(&self.object, cx, &*work.store, &first, &plan, &knowing, &Value::Null);
        let mut memory = Memory::load(&cx.private)?;
        memory.references.insert(pool.parent.name.to_owned(), vec![pool.referent.clone()]);
        cx.private = memory.store();
        let object = self.with_allocated(object, &records);
        cx.checkpoint(object.clone())?;
        if compare {
            for record in &mut records {
                *record = self.brought_up(work, doing, version, record, &plan).await?;
            }
        }
        let wrong = place.verified::<S>(self.planning_schema(), doing, version, &plan, &object);
        if compare { Ok(self.state_with(cx, work, &records, &plan)?) } else { wrong.into_result(object) }
    }

    fn state_with(
        &self,
        cx: &mut UntypedContext<S>,
        work: &Work<S>,
        records: &[Record],
        plan: &Value,
    ) -> Result<Value> {
        let before = self.object.place.knowing(&Memory::load(&cx.private)?, plan, &work.ids);
        let Some(first) = records.first() else { return Ok(plan.clone()) };
        let object = update::state_of(&self.object, cx, &*work.store, first, plan, &before, &Value::Null);
        let mut memory = Memory::load(&cx.private)?;
        memory.references.extend(self.parents_remembered(&before));
        cx.private = memory.store();
        Ok(self.with_allocated(object, records))
    }

    /// An object that was taken by an earlier run, with the attributes of this one.
    async fn brought_up(
        &self,
        work: &Work<S>,
        doing: &Doing,
        version: Version,
        record: &Record,
        plan: &Value,
    ) -> Result<Record> {
        let place = &self.object.place;
        let knowing = place.knowing(&Memory::default(), plan, &work.ids);
        let is = place.settled(&*work.store, record, plan, &knowing, Reading::Known);
        let body = Change {
            place,
            prior: &is.object,
            planned: plan,
            memory: &is.memory,
            defaults: work.store.defaults(),
            version,
            ids: &work.ids,
        }
        .differences::<S>();
        let body: Body = self.without_decided(body);
        if body.is_empty() {
            return Ok(record.clone());
        }
        let written =
            work.store.update(&work.scope, self.kind(), &record.id, body, &[], record.seen.as_deref()).await;
        written.map_err(|error| doing.failed::<S>(error))
    }

    fn without_decided(&self, mut body: Body) -> Body {
        for name in self.allocator.decided {
            if let Some(field) = self.kind().field(name) {
                body.remove(field.wire);
            }
        }
        body
    }

    /// Gives back what is too much, takes what is missing, and changes the attributes of all.
    pub(super) async fn adjust(
        &self,
        cx: &mut UntypedContext<S>,
        prior: Value,
        plan: Value,
    ) -> Result<Value> {
        let (store, scope) = tools(cx)?;
        let place = &self.object.place;
        let doing = place.doing("Updating", &prior);
        let memory = Memory::load(&cx.private)?;
        let failed = |error| doing.failed::<S>(error);
        let version = store.version(&scope).await.map_err(failed)?;
        let resolved = place.resolved(&*store, &scope, &doing, &plan, |_| true).await?;
        let work = Work { store, scope, ids: resolved };
        let wanted = quantity(&plan);
        let mut kept = ids(&prior);
        while kept.len() > wanted {
            if let Some(id) = kept.pop() {
                work.store.delete(&work.scope, self.kind(), &id.into()).await.map_err(failed)?;
            }
        }
        let mut records = Vec::new();
        for id in kept {
            if let Some(record) =
                work.store.read(&work.scope, self.kind(), &id.into()).await.map_err(failed)?
            {
                records.push(self.brought_up(&work, &doing, version, &record, &plan).await?);
            }
        }
        if records.len() < wanted {
            let pool = match self.remembered_pool(&memory) {
                Some(pool) => pool,
                None => self.pools(&work, &doing, &plan).await?.into_iter().next().ok_or_else(|| {
                    doing.failed::<S>(StoreError::Exhausted("No pool matches the filters.".to_owned()))
                })?,
            };
            let stamp = self.stamp(&pool, &plan);
            let excluded: Vec<u64> = records.iter().filter_map(|record| record.id.number()).collect();
            let missing = wanted - records.len();
            records.extend(self.left_behind(cx, &work, &doing, &stamp, &excluded, missing).await?);
            if records.len() < wanted {
                let bodies = vec![self.body(&work, version, &plan); wanted - records.len()];
                let taken =
                    work.store.allocate(&work.scope, pool.parent, pool.referent.id, bodies, &stamp).await;
                records.extend(taken.map_err(failed)?);
            }
        }
        let object = self.state_with(cx, &work, &records, &plan)?;
        cx.checkpoint(object.clone())?;
        Ok(object)
    }

    fn remembered_pool(&self, memory: &Memory) -> Option<Pool> {
        self.allocator
            .parents
            .iter()
            .find_map(|parent| Some(Pool { parent, referent: memory.referent(parent.name)?.clone() }))
    }
}

/// Objects with the same key that the state has: they are not left behind.
fn excluded(memory: &Memory) -> Vec<u64> {
    let ids = memory.own.as_ref().and_then(Json::as_array);
    ids.into_iter().flatten().filter_map(Json::as_u64).collect()
}

fn ids_of(records: &[Record]) -> String {
    let ids: Vec<String> = records.iter().map(|record| format!("id {}", record.id)).collect();
    ids.join(", ")
}
