//! Resources that take the next free objects from a pool.
//!
//! A key of the user's own names the allocation. What is taken is stamped with it, so that a run which was killed
//! between taking and recording finds what it took and takes nothing twice.

mod take;

use std::sync::OnceLock;

use async_trait::async_trait;
use serde_json::Value as Json;
use tf_framework::planner::{self, PlanInput};
use tf_framework::schema::{Attribute, Block, IdentitySchema, Schema, Validator};
use tf_framework::{
    AttributeType, Call, Diagnostics, PlannedAction, Result, Timeouts, UntypedContext, UntypedPlan,
    UntypedResource, Value,
};
use tf_value::{Number, Type};

use crate::codec::Reading;
use crate::description::{Allocator, AllocatorParent, Field, Kind, Shape};
use crate::id::{Id, identity_schema};
use crate::life::{member, tools};
use crate::memory::Memory;
use crate::object::{ObjectResource, at, number_of, planning};
use crate::plan::checks::Check;
use crate::plan::{Facts, settle};
use crate::reference::Reference;
use crate::resolve::{Wanted, complaints, resolve};
use crate::run::Marked;
use crate::schema::{Purpose, attribute, resource_attributes};
use crate::store::{Defaults, Scope, Store};
use crate::table::Table;

/// The managed resource of an allocator.
pub struct AllocatorResource<S> {
    pub(super) table: &'static Table,
    pub(super) allocator: &'static Allocator,
    pub(super) object: ObjectResource<S>,
    schema: OnceLock<Schema>,
}

impl<S: Store> AllocatorResource<S> {
    /// The resource of an allocator; `None` where the table does not have its kind.
    #[must_use]
    pub fn new(table: &'static Table, allocator: &'static Allocator) -> Option<Self> {
        let kind = table.kind(allocator.kind)?;
        let object = ObjectResource::with_planning(
            table,
            kind,
            Schema::new(block(allocator, kind, Purpose::Planning)),
        );
        Some(Self { table, allocator, object, schema: OnceLock::new() })
    }

    pub(super) fn kind(&self) -> &'static Kind {
        self.object.place.kind
    }

    fn planning_schema(&self) -> &Schema {
        self.schema.get_or_init(|| Schema::new(block(self.allocator, self.kind(), Purpose::Planning)))
    }

    /// What an allocation is known by, where all of it is known.
    fn mark(&self, planned: &Value) -> Option<String> {
        let mut mark = format!("{}|{}", self.allocator.name, member(planned, "key").as_str()?);
        for parent in self.allocator.parents {
            for name in [parent.name.to_owned(), filters_of(parent)] {
                let value = member(planned, &name);
                if !value.is_wholly_known() {
                    return None;
                }
                mark.push_str(&format!("|{}", crate::json::from_value(value)));
            }
        }
        Some(mark)
    }

    /// Tells of two allocations with one key: after an interrupted run neither could be told from the other.
    fn tell_twins(&self, store: &S, plan: &mut UntypedPlan, memory: &mut Memory) -> Result<()> {
        let Some(mark) = self.mark(&plan.planned) else { return Ok(()) };
        let id = number_of(&plan.prior);
        match store.run().mark(&mark, id) {
            Ok(()) => Ok(()),
            Err(Marked::Object(known)) => {
                memory.own = Some(Json::from(vec![known]));
                Ok(())
            }
            Err(Marked::Planned) => Err(twins()),
        }
    }

    async fn check_parents(&self, store: &S, scope: &Scope, planned: &Value) -> Result<()> {
        let mut wanted = Vec::new();
        for parent in self.allocator.parents {
            let value = member(planned, parent.name);
            let (Ok(reference), Some(kind)) = (Reference::of(value), self.table.kind(parent.kind)) else {
                continue;
            };
            if value.is_wholly_known() && !matches!(reference, Reference::Id(_)) {
                wanted.push(Wanted { path: at(parent.name), kind, reference });
            }
        }
        let doing = self.object.place.doing("Planning", planned);
        let (_, unresolved) =
            resolve(store, scope, &wanted).await.map_err(|error| doing.failed::<S>(error))?;
        complaints(store.run(), S::NAME, &unresolved).into_result(())
    }

    /// What means the same as the state has is spelled as the state has it.
    fn settle_parents(&self, config: Value, prior: &Value, memory: &Memory) -> Value {
        let Value::Object(mut members) = config else { return config };
        for parent in self.allocator.parents {
            let (configured, before) = (member(prior, parent.name), members.get(parent.name));
            let same = |form: &Value| {
                memory
                    .referent(parent.name)
                    .is_some_and(|referent| Reference::of(form).is_ok_and(|form| form.is(referent)))
            };
            if configured.is_known() && before.is_some_and(|form| form.is_wholly_known() && same(form)) {
                members.insert(parent.name.to_owned(), configured.clone());
            }
        }
        for name in self.allocator.decided {
            members.insert((*name).to_owned(), Value::Null);
        }
        Value::Object(members)
    }
}

fn twins() -> Diagnostics {
    Diagnostics::error_at(
        at("key"),
        "Two allocations have one key",
        "Another allocation from the same pool has this key. A key must be one allocation's own, so that an interrupted \
         run finds what it has taken: put the index or the name of the instance into it.",
    )
}

/// The attribute that finds pools by filters.
pub(super) fn filters_of(parent: &AllocatorParent) -> String {
    format!("{}_filters", parent.name)
}

fn block(allocator: &Allocator, kind: &'static Kind, purpose: Purpose) -> Block {
    let mut block = Block::new(allocator.description);
    let own = |field: &Field| !allocator.decided.contains(&field.name);
    block.attributes = resource_attributes(kind, purpose, own);
    for name in allocator.decided {
        if let Some(field) = kind.field(name) {
            let mut decided = attribute(field).computed().stable();
            decided.validators.clear();
            block.attributes.insert((*name).to_owned(), decided);
        }
    }
    for field in allocator.request {
        let of_request = attribute(field).replace();
        let of_request = if field.presence == crate::description::Presence::Required {
            of_request.required()
        } else {
            of_request.optional()
        };
        block.attributes.insert(field.name.to_owned(), of_request);
    }
    parents(allocator, &mut block);
    let key = Attribute::leaf(Type::String).validate(Validator::Length { min: Some(1), max: Some(100) }).describe(
        "A name of your own for this allocation, unique in its pool, such as the name of the instance. A run that was \
         interrupted finds what it has taken by it. Changing it changes nothing on the server.",
    );
    let quantity = Attribute::leaf(Type::Number)
        .optional()
        .validate(Validator::Range { min: Some(Number::from(1)), max: Some(Number::from(256)) })
        .describe(
            "How many to take, in one request; all have the same attributes. One where it is left out. Raising it takes \
             more, lowering it gives the last ones back.",
        );
    let taken = Type::list(Type::object([("id", Type::Number), ("value", Type::String)]));
    block
        .attribute("key", key)
        .attribute("quantity", quantity)
        .attribute(
            "allocated",
            Attribute::leaf(taken).computed().stable().describe("Everything that was taken, in order."),
        )
        .attribute(
            "id",
            Attribute::leaf(Type::Number).computed().stable().describe("Id of the first object."),
        )
        .attribute(
            "url",
            Attribute::leaf(Type::String)
                .computed()
                .stable()
                .describe("Address of the first object in the API."),
        )
        .attribute(
            "timeouts",
            <Option<Timeouts> as AttributeType>::attribute()
                .optional()
                .describe("How long operations may take before they are given up."),
        )
}

fn parents(allocator: &Allocator, block: &mut Block) {
    let names: Vec<String> =
        allocator.parents.iter().flat_map(|parent| [parent.name.to_owned(), filters_of(parent)]).collect();
    for (index, parent) in allocator.parents.iter().enumerate() {
        let label = parent.name.replace('_', " ");
        let field = Field {
            name: parent.name,
            wire: parent.name,
            shape: Shape::Reference { target: parent.kind },
            presence: crate::description::Presence::Optional,
            nullable: true,
            default: None,
            replace: true,
            secret: false,
            unread: false,
            available: crate::description::Availability::ALWAYS,
            description: "The pool to take from.",
        };
        let mut by_reference = attribute(&field).optional().replace();
        if index == 0 {
            let others = names.iter().filter(|name| *name != parent.name).cloned().collect();
            by_reference = by_reference.validate(Validator::ExactlyOneOf(others));
        }
        let by_filters = Attribute::leaf(Type::map(Type::set(Type::String))).optional().replace().describe(format!(
            "Filters that find pools, such as `{{ status = [\"active\"] }}`: the first {label} that has enough left is \
             taken from."
        ));
        block.attributes.insert(parent.name.to_owned(), by_reference);
        block.attributes.insert(filters_of(parent), by_filters);
    }
}

#[async_trait]
impl<S: Store> UntypedResource for AllocatorResource<S> {
    type Client = S;

    fn name(&self) -> &'static str {
        self.allocator.name
    }

    fn subcategory(&self) -> &'static str {
        self.kind().subcategory
    }

    fn schema(&self) -> Schema {
        Schema::new(block(self.allocator, self.kind(), Purpose::Shown))
    }

    fn identity(&self) -> Option<IdentitySchema> {
        Some(identity_schema(self.kind()))
    }

    fn validate(&self, config: &Value, diagnostics: &mut Diagnostics) {
        for parent in self.allocator.parents {
            let asked = Value::object([("filters", member(config, &filters_of(parent)).clone())]);
            if let Some(kind) = self.table.kind(parent.kind) {
                crate::query::validate(kind, &asked, diagnostics);
            }
        }
    }

    async fn plan(&self, cx: &Call<S>, plan: &mut UntypedPlan) -> Result<()> {
        if plan.action() == PlannedAction::Destroy {
            return Ok(());
        }
        let mut memory = Memory::load(&plan.private)?;
        let doing = self.object.place.doing("Planning", &plan.config);
        let store = cx.try_client();
        let scope = Scope::of(cx);
        let version = match &store {
            Some(store) => Some(store.version(&scope).await.map_err(|error| doing.failed::<S>(error))?),
            None => None,
        };
        let nothing = Defaults::default();
        let defaults = store.as_ref().map_or(&nothing, |store| store.defaults());
        let facts = Facts { kind: self.kind(), prior: &plan.prior, memory: &memory, defaults, version };
        let meant = self.settle_parents(settle(facts, &plan.config), &plan.prior, &memory);
        let planned = planner::plan(PlanInput {
            schema: self.planning_schema(),
            prior: &plan.prior,
            proposed: &plan.planned,
            config: &meant,
        });
        plan.planned = planned.value;
        plan.replace = planned.requires_replace;
        planning::complete(self.kind(), plan, &memory, defaults, store.is_some(), version)?;
        self.plan_quantity(plan);
        let Some(store) = store else { return Ok(()) };
        self.tell_twins(&store, plan, &mut memory)?;
        plan.private = memory.store();
        let (Some(version), true) = (version, plan.planned != plan.prior) else { return Ok(()) };
        let check = Check {
            table: self.table,
            store: &*store,
            scope: &scope,
            kind: self.kind(),
            version,
            prior: &plan.prior,
            planned: &plan.planned,
        };
        check.run().await.into_result(())?;
        if plan.action() == PlannedAction::Create {
            self.check_parents(&store, &scope, &plan.planned).await?;
        }
        Ok(())
    }

    async fn create(&self, cx: &mut UntypedContext<S>, plan: Value) -> Result<Value> {
        let mark = self.mark(&plan);
        let store = cx.client()?;
        if let Some(mark) = &mark
            && !store.run().takes(mark)
        {
            return Err(twins());
        }
        let taken = self.take(cx, plan).await;
        if let Some(mark) = &mark {
            match taken.as_ref().ok().and_then(number_of) {
                Some(id) => store.run().took(mark, id),
                None => store.run().releases(mark),
            }
        }
        taken
    }

    async fn read(&self, cx: &mut UntypedContext<S>, state: Value) -> Result<Option<Value>> {
        let (store, scope) = tools(cx)?;
        let doing = self.object.place.doing("Reading", &state);
        let memory = Memory::load(&cx.private)?;
        let ids: Vec<Id> = take::ids(&state).into_iter().map(Id::from).collect();
        let reads = ids.iter().map(|id| store.read(&scope, self.kind(), id));
        let found = futures::future::try_join_all(reads).await.map_err(|error| doing.failed::<S>(error))?;
        let records: Vec<_> = found.into_iter().flatten().collect();
        let Some(first) = records.first() else { return Ok(None) };
        let mut settled = self.object.place.settled(&*store, first, &state, &memory, Reading::Known);
        settled.memory.references.extend(self.parents_remembered(&memory));
        cx.private = settled.memory.store();
        Ok(Some(self.with_allocated(settled.object, &records)))
    }

    async fn update(&self, cx: &mut UntypedContext<S>, prior: Value, plan: Value) -> Result<Value> {
        self.adjust(cx, prior, plan).await
    }

    /// Gives back everything that was taken.
    async fn delete(&self, cx: &mut UntypedContext<S>, state: Value) -> Result<()> {
        let (store, scope) = tools(cx)?;
        let doing = self.object.place.doing("Releasing", &state);
        for id in take::ids(&state) {
            store.delete(&scope, self.kind(), &id.into()).await.map_err(|error| doing.failed::<S>(error))?;
        }
        if let Some(mark) = self.mark(&state) {
            store.run().releases(&mark);
        }
        Ok(())
    }
}
