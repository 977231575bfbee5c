//! Changing an object.

use tf_framework::{Diagnostic, Diagnostics, Result, UntypedContext, Value};

use super::body::{Change, files, is_changed};
use super::{ObjectResource, Work, at};
use crate::codec::Reading;
use crate::description::{Shape, Version};
use crate::failures::Doing;
use crate::id::{Id, id_of};
use crate::life::{member, shown, tools};
use crate::memory::Memory;
use crate::store::{Body, Record, Store, StoreError, Upload};

/// Sends what has changed, and nothing else.
pub(super) async fn update<S: Store>(
    resource: &ObjectResource<S>,
    cx: &mut UntypedContext<S>,
    prior: Value,
    plan: Value,
) -> Result<Value> {
    let (store, scope) = tools(cx)?;
    let place = &resource.place;
    let doing = place.doing("Updating", &prior);
    let memory = Memory::load(&cx.private)?;
    let version = store.version(&scope).await.map_err(|error| doing.failed::<S>(error))?;
    let changed = |field: &crate::description::Field| is_changed(field, &prior, &plan);
    let ids = place.resolved(&*store, &scope, &doing, &plan, changed).await?;
    let id = id_of(place.kind, &prior)
        .ok_or_else(|| Diagnostics::error(doing.summary(), "The state has no id."))?;
    let work = Work { store, scope, ids };
    change(resource, cx, &work, version, &id, &prior, plan, &memory).await
}

/// Makes the object `prior` what `plan` says.
#[allow(clippy::too_many_arguments)]
pub(super) async fn change<S: Store>(
    resource: &ObjectResource<S>,
    cx: &mut UntypedContext<S>,
    work: &Work<S>,
    version: Version,
    id: &Id,
    prior: &Value,
    plan: Value,
    memory: &Memory,
) -> Result<Value> {
    let place = &resource.place;
    let doing = place.doing("Updating", prior);
    let defaults = work.store.defaults();
    let body =
        Change { place, prior, planned: &plan, memory, defaults, version, ids: &work.ids }.differences::<S>();
    let uploads = files(place.kind, prior, &plan);
    if body.is_empty() && uploads.is_empty() {
        return Ok(with_known(&plan, prior));
    }
    let seen = memory.seen.clone();
    let sent = send(resource, work, &doing, id, prior, &plan, memory, body, &uploads, seen.as_deref()).await;
    let record = sent?;
    let mut knowing = place.knowing(memory, &plan, &work.ids);
    let anew = |field: &&crate::description::Field| {
        matches!(field.shape, Shape::Reference { .. }) && is_changed(field, prior, &plan)
    };
    for field in place.kind.fields.iter().filter(anew) {
        knowing.references.remove(field.name);
    }
    let object = state_of(resource, cx, &*work.store, &record, &plan, &knowing, prior);
    cx.checkpoint(object.clone())?;
    let written = plan_of_changes(place.kind, prior, &plan);
    place
        .verified::<S>(resource.planning_schema(), &doing, version, &written, &object)
        .into_result(place.as_planned(&plan, object))
}

/// The plan without the fields that it does not write.
fn plan_of_changes(kind: &crate::description::Kind, prior: &Value, plan: &Value) -> Value {
    let changed = kind.fields.iter().filter(|field| is_changed(field, prior, plan));
    Value::object(changed.map(|field| (field.name, member(plan, field.name).clone())))
}

/// The plan, with what it leaves open as it was.
fn with_known(plan: &Value, prior: &Value) -> Value {
    let members = plan.as_map().into_iter().flatten().map(|(name, value)| {
        (name.clone(), if value.is_unknown() { member(prior, name).clone() } else { value.clone() })
    });
    Value::object(members)
}

/// Writes. Where the object was changed since it was seen, what matters is whether it was changed in what this plan
/// changes: what others have done to other fields is left as it is.
#[allow(clippy::too_many_arguments)]
async fn send<S: Store>(
    resource: &ObjectResource<S>,
    work: &Work<S>,
    doing: &Doing,
    id: &Id,
    prior: &Value,
    plan: &Value,
    memory: &Memory,
    body: Body,
    uploads: &[Upload],
    seen: Option<&str>,
) -> Result<Record> {
    let place = &resource.place;
    let kind = place.kind;
    let failed = |error| doing.failed::<S>(error);
    let _alone = work.store.alone(kind, id).await;
    let mut seen = seen.map(str::to_owned);
    for _ in 0..OVERTAKEN {
        match work.store.update(&work.scope, kind, id, body.clone(), uploads, seen.as_deref()).await {
            Err(StoreError::Changed) => {}
            result => return result.map_err(failed),
        }
        let fresh = work.store.read(&work.scope, kind, id).await.map_err(failed)?;
        let fresh = fresh.ok_or_else(|| failed(StoreError::Gone))?;
        conflicts(resource, work, doing, &fresh, prior, plan, memory).into_result(())?;
        seen = fresh.seen;
    }
    Err(failed(StoreError::Changed))
}

/// How often others may be faster: where one mark tells the state of many objects, each of them counts.
const OVERTAKEN: usize = 6;

/// What both this plan and someone else have changed.
fn conflicts<S: Store>(
    resource: &ObjectResource<S>,
    work: &Work<S>,
    doing: &Doing,
    fresh: &Record,
    prior: &Value,
    plan: &Value,
    memory: &Memory,
) -> Diagnostics {
    let place = &resource.place;
    let schema = resource.planning_schema();
    let now = place.settled(&*work.store, fresh, prior, memory, Reading::Known).object;
    let fields = place.kind.fields.iter();
    fields
        .filter(|field| is_changed(field, prior, plan) && !field.secret)
        .filter(|field| {
            let (was, is) = (member(prior, field.name), member(&now, field.name));
            !place.same(schema, field, was, is) && !place.same(schema, field, member(plan, field.name), is)
        })
        .map(|field| {
            let detail = format!(
                "Someone changed {} in {} since the plan was made: it was {}, and is {} now. Nothing was written. Plan \
                 again to see the change.",
                field.name,
                S::NAME,
                shown(member(prior, field.name)),
                shown(member(&now, field.name))
            );
            Diagnostic::error(doing.summary(), detail).at(at(field.name))
        })
        .collect()
}

/// The state after a write, and what is remembered with it.
pub(crate) fn state_of<S: Store>(
    resource: &ObjectResource<S>,
    cx: &mut UntypedContext<S>,
    store: &S,
    record: &Record,
    plan: &Value,
    memory: &Memory,
    prior: &Value,
) -> Value {
    let mut settled = resource.place.settled(store, record, plan, memory, Reading::Known);
    settled.memory.owned = match resource.place.kind.custom_fields() {
        Some(field) if member(plan, field.name) != member(prior, field.name) => {
            member(plan, field.name).as_map().map(|keys| keys.keys().cloned().collect()).unwrap_or_default()
        }
        _ => memory.owned.clone(),
    };
    cx.private = settled.memory.store();
    settled.object
}
