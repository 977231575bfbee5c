//! Resources that keep some fields of an object which something else manages.

use std::marker::PhantomData;
use std::sync::OnceLock;

use async_trait::async_trait;
use serde_json::Value as Json;
use tf_framework::planner::{self, PlanInput};
use tf_framework::schema::{Attribute, Block, IdentitySchema, Schema, Validator};
use tf_framework::{
    AttributeType, Call, Diagnostics, ImportId, PlannedAction, Result, Timeouts, UntypedContext, UntypedPlan,
    UntypedResource, Value,
};
use tf_value::Type;

use crate::codec::{Resolution, encode};
use crate::description::{Field, Kind, Setter, Shape};
use crate::failures::Doing;
use crate::id::identity_schema;
use crate::life::{member, tools};
use crate::memory::Memory;
use crate::object::{at, number_of};
use crate::reference::{Reference, Referent};
use crate::resolve::{Wanted, complaints, resolve};
use crate::schema::attribute;
use crate::store::{Body, Record, Scope, Store, StoreError};
use crate::table::Table;

/// The managed resource of a setter.
pub struct SetterResource<S> {
    table: &'static Table,
    setter: &'static Setter,
    kind: &'static Kind,
    planning: OnceLock<Schema>,
    store: PhantomData<fn() -> S>,
}

impl<S: Store> SetterResource<S> {
    /// The resource of a setter; `None` where the table does not have its kind.
    #[must_use]
    pub fn new(table: &'static Table, setter: &'static Setter) -> Option<Self> {
        let kind = table.kind(setter.kind)?;
        Some(Self { table, setter, kind, planning: OnceLock::new(), store: PhantomData })
    }

    fn doing(&self, verb: &'static str) -> Doing {
        Doing::new(verb, self.kind, None)
    }

    fn names(&self) -> Vec<String> {
        self.setter.fields.iter().map(|field| field.name.to_owned()).collect()
    }

    async fn object_id(&self, store: &S, scope: &Scope, doing: &Doing, plan: &Value) -> Result<u64> {
        let path = at(self.setter.object);
        let wrong = |message: String| Diagnostics::error_at(path.clone(), doing.summary(), message);
        let reference =
            Reference::of(member(plan, self.setter.object)).map_err(|error| wrong(error.to_string()))?;
        if let Reference::Id(id) = reference {
            return Ok(id);
        }
        let wanted = Wanted { path: path.clone(), kind: self.kind, reference: reference.clone() };
        let (ids, unresolved) =
            resolve(store, scope, &[wanted]).await.map_err(|error| doing.failed::<S>(error))?;
        complaints(&crate::run::Run::default(), S::NAME, &unresolved).into_result(())?;
        let missing =
            || wrong("This form of reference cannot be looked for here: use the object's id.".to_owned());
        ids.id(self.kind.path, &reference).ok_or_else(missing)
    }

    /// The state after an answer: what the configuration speaks of, in its form.
    fn state(&self, record: &Record, hint: &Value, before: &Memory, whole: bool) -> (Value, Memory) {
        let mut memory = Memory::default();
        let mut members = hint.as_map().cloned().unwrap_or_default();
        for field in self.setter.fields {
            let Shape::Reference { target } = field.shape else { continue };
            let known = member(hint, field.name);
            let nested = record.body.get(field.wire).unwrap_or(&Json::Null);
            let referent = Referent::of(nested, self.table.lookup(target));
            let value = match &referent {
                _ if known.is_null() && !whole => Value::Null,
                Some(referent) => referent.in_form_of(Some(known), before.referent(field.name)),
                None => Value::Null,
            };
            members.insert(field.name.to_owned(), value);
            if let Some(referent) = referent {
                memory.references.insert(field.name.to_owned(), vec![referent]);
            }
        }
        members.insert("id".to_owned(), record.id.to_value());
        let own = Json::Object(record.body.clone());
        if let Some(referent) = Referent::of(&own, self.kind.lookup) {
            let form = referent
                .in_form_of(Some(member(hint, self.setter.object)), before.referent(self.setter.object));
            members.insert(self.setter.object.to_owned(), form);
            memory.references.insert(self.setter.object.to_owned(), vec![referent]);
        }
        (Value::Object(members), memory)
    }

    /// Writes the fields that differ between two states.
    async fn write(
        &self,
        cx: &mut UntypedContext<S>,
        verb: &'static str,
        prior: &Value,
        plan: &Value,
    ) -> Result<Value> {
        let (store, scope) = tools(cx)?;
        let doing = self.doing(verb);
        let before = Memory::load(&cx.private)?;
        let id = self.object_id(&store, &scope, &doing, plan).await?;
        let body = self.body(&store, &scope, &doing, prior, plan).await?;
        let record = if body.is_empty() {
            let found =
                store.read(&scope, self.kind, &id.into()).await.map_err(|error| doing.failed::<S>(error))?;
            found.ok_or_else(|| doing.failed::<S>(StoreError::Gone))?
        } else {
            let written = store.update(&scope, self.kind, &id.into(), body, &[], None).await;
            written.map_err(|error| doing.failed::<S>(error))?
        };
        let (state, memory) = self.state(&record, plan, &before, false);
        cx.private = memory.store();
        cx.checkpoint(state.clone())?;
        for field in self.setter.fields {
            if member(plan, field.name).is_known() && member(&state, field.name) != member(plan, field.name) {
                let detail = format!("{} did not take {}.", S::NAME, field.name);
                return Err(Diagnostics::error_at(at(field.name), doing.summary(), detail));
            }
        }
        Ok(state)
    }

    async fn body(
        &self,
        store: &S,
        scope: &Scope,
        doing: &Doing,
        prior: &Value,
        plan: &Value,
    ) -> Result<Body> {
        let mut body = Body::new();
        let version = store.version(scope).await.map_err(|error| doing.failed::<S>(error))?;
        for field in self.setter.fields {
            let (was, is) = (member(prior, field.name), member(plan, field.name));
            if is.is_unknown() || was == is {
                continue;
            }
            if is.is_null() {
                crate::codec::cleared(field, S::clears_choices_with_blank(version), &mut body);
            } else {
                encode(self.table, field, is, &Resolution::default(), &mut body);
            }
        }
        Ok(body)
    }

    fn block(&self) -> Block {
        let object = Field {
            name: self.setter.object,
            wire: self.setter.object,
            shape: Shape::Reference { target: self.setter.kind },
            presence: crate::description::Presence::Required,
            nullable: false,
            default: None,
            replace: true,
            secret: false,
            unread: false,
            available: crate::description::Availability::ALWAYS,
            description: "The object whose fields are set.",
        };
        let mut block = Block::new(self.setter.description)
            .attribute(self.setter.object, attribute(&object).required().replace())
            .attribute("id", Attribute::leaf(Type::Number).computed().stable().describe("Id of the object."))
            .attribute(
                "timeouts",
                <Option<Timeouts> as AttributeType>::attribute()
                    .optional()
                    .describe("How long operations may take before they are given up."),
            );
        for field in self.setter.fields {
            let mut one = attribute(field).optional();
            if field.name == self.setter.fields[0].name {
                let others = self.names().into_iter().skip(1).collect::<Vec<_>>();
                one = if others.is_empty() {
                    attribute(field).required()
                } else {
                    one.validate(Validator::AtLeastOneOf(others))
                };
            }
            block = block.attribute(field.name, one);
        }
        block
    }
}

#[async_trait]
impl<S: Store> UntypedResource for SetterResource<S> {
    type Client = S;

    fn name(&self) -> &'static str {
        self.setter.name
    }

    fn subcategory(&self) -> &'static str {
        self.kind.subcategory
    }

    fn schema(&self) -> Schema {
        Schema::new(self.block())
    }

    fn identity(&self) -> Option<IdentitySchema> {
        Some(identity_schema(self.kind))
    }

    async fn plan(&self, _: &Call<S>, plan: &mut UntypedPlan) -> Result<()> {
        if plan.action() != PlannedAction::Update {
            return Ok(());
        }
        let memory = Memory::load(&plan.private)?;
        let Some(config) = plan.config.as_map() else { return Ok(()) };
        let mut meant = config.clone();
        for name in self.names().into_iter().chain([self.setter.object.to_owned()]) {
            let (configured, prior) = (member(&plan.config, &name), member(&plan.prior, &name));
            let same = configured.is_wholly_known()
                && prior.is_known()
                && memory.referent(&name).is_some_and(|referent| {
                    [configured, prior]
                        .into_iter()
                        .all(|form| Reference::of(form).is_ok_and(|form| form.is(referent)))
                });
            if same {
                meant.insert(name, prior.clone());
            }
        }
        let planned = planner::plan(PlanInput {
            schema: self.planning.get_or_init(|| Schema::new(self.block())),
            prior: &plan.prior,
            proposed: &plan.planned,
            config: &Value::Object(meant),
        });
        plan.planned = planned.value;
        plan.replace = planned.requires_replace;
        Ok(())
    }

    async fn create(&self, cx: &mut UntypedContext<S>, plan: Value) -> Result<Value> {
        self.write(cx, "Setting fields of", &Value::Null, &plan).await
    }

    async fn read(&self, cx: &mut UntypedContext<S>, state: Value) -> Result<Option<Value>> {
        let (store, scope) = tools(cx)?;
        let doing = self.doing("Reading");
        let before = Memory::load(&cx.private)?;
        let Some(id) = number_of(&state) else { return Ok(None) };
        let record =
            store.read(&scope, self.kind, &id.into()).await.map_err(|error| doing.failed::<S>(error))?;
        let Some(record) = record else { return Ok(None) };
        let (state, memory) = self.state(&record, &state, &before, false);
        cx.private = memory.store();
        Ok(Some(state))
    }

    async fn update(&self, cx: &mut UntypedContext<S>, prior: Value, plan: Value) -> Result<Value> {
        self.write(cx, "Setting fields of", &prior, &plan).await
    }

    /// Clears the fields, as far as they still hold what was set: another one may have taken them over.
    async fn delete(&self, cx: &mut UntypedContext<S>, state: Value) -> Result<()> {
        let (store, scope) = tools(cx)?;
        let doing = self.doing("Clearing fields of");
        let before = Memory::load(&cx.private)?;
        let Some(id) = number_of(&state) else { return Ok(()) };
        let record =
            store.read(&scope, self.kind, &id.into()).await.map_err(|error| doing.failed::<S>(error))?;
        let Some(record) = record else { return Ok(()) };
        let (now, _) = self.state(&record, &state, &before, false);
        let mut body = Body::new();
        for field in self.setter.fields {
            if member(&state, field.name).is_known() && member(&now, field.name) == member(&state, field.name)
            {
                crate::codec::cleared(field, false, &mut body);
            }
        }
        if body.is_empty() {
            return Ok(());
        }
        match store.update(&scope, self.kind, &id.into(), body, &[], None).await {
            Ok(_) | Err(StoreError::Gone) => Ok(()),
            Err(error) => Err(doing.failed::<S>(error)),
        }
    }

    async fn import(&self, cx: &mut UntypedContext<S>, id: ImportId) -> Result<Value> {
        let (store, scope) = tools(cx)?;
        let doing = self.doing("Importing");
        let number = match &id {
            ImportId::Id(text) => text.trim().parse().ok(),
            ImportId::Identity(identity) => number_of(identity),
        };
        let problem = |detail: String| Diagnostics::error(doing.summary(), detail);
        let number = number.ok_or_else(|| {
            problem(format!("Give the id of the {} whose fields are set, a number.", self.kind.label))
        })?;
        let record =
            store.read(&scope, self.kind, &number.into()).await.map_err(|error| doing.failed::<S>(error))?;
        let record = record.ok_or_else(|| {
            problem(format!("{} has no {} with the id {number}.", S::NAME, self.kind.label))
        })?;
        let nothing = Value::object(self.block().attributes.keys().map(|name| (name.clone(), Value::Null)));
        let (state, memory) = self.state(&record, &nothing, &Memory::default(), true);
        cx.private = memory.store();
        Ok(state)
    }
}
