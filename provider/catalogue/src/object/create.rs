//! Making an object.

use tf_framework::{Diagnostic, Diagnostics, Result, UntypedContext, Value};

use super::body::{Change, files, stamp, without_secrets};
use super::{ObjectResource, Work, update};
use crate::codec::Reading;
use crate::description::{Presence, Version};
use crate::failures::Doing;
use crate::life::{member, tools};
use crate::memory::Memory;
use crate::store::{Body, Cause, Record, Store, StoreError};

/// Makes the object, or takes over the one that is there where that is wanted.
///
/// A run that was killed after the server made the object and before the state was written leaves the object
/// behind. It is recognised by the stamp of its creation, which tells what was sent: the next run takes it over.
pub(super) async fn create<S: Store>(
    resource: &ObjectResource<S>,
    cx: &mut UntypedContext<S>,
    plan: Value,
) -> Result<Value> {
    let (store, scope) = tools(cx)?;
    let place = &resource.place;
    let doing = place.doing("Creating", &plan);
    let version = store.version(&scope).await.map_err(|error| doing.failed::<S>(error))?;
    let ids = place.resolved(&*store, &scope, &doing, &plan, |_| true).await?;
    let work = Work { store, scope, ids };
    let body = body::<S>(resource, &work, version, &plan);

    let adopt = member(&plan, "adopt").as_str().unwrap_or("never").to_owned();
    let named = !place.kind.nature.identity.is_number();
    let enforced = named || place.kind.keys.iter().any(|key| key.enforced);
    if adopt == "required" || (adopt == "if_exists" && !enforced) {
        match place.found_by_key(&*work.store, &work.scope, &doing, &plan).await? {
            Some(record) => return take_over(resource, cx, &work, version, &record, plan).await,
            None if adopt == "required" => return Err(nothing_to_adopt::<S>(&doing)),
            None => {}
        }
    }
    let stamp = stamp(place.kind, &without_secrets(place.kind, &body), "");
    let uploads = files(place.kind, &Value::Null, &plan);
    if let Some(record) = leftover(resource, &work, &doing, version, &plan, &stamp).await? {
        cx.warn(Diagnostic::warning(
            "An object of an interrupted run was taken over",
            format!(
                "A run that was interrupted had made the {} with the id {} already.",
                place.kind.label, record.id
            ),
        ));
        // Its files may not have come through.
        let record = if uploads.is_empty() {
            record
        } else {
            let sent =
                work.store.update(&work.scope, place.kind, &record.id, Body::new(), &uploads, None).await;
            sent.map_err(|error| doing.failed::<S>(error))?
        };
        return finish(resource, cx, &work, &doing, version, &record, plan, false).await;
    }
    match work.store.create(&work.scope, place.kind, body, &uploads, &stamp).await {
        Ok(record) => {
            let is_new = !place.kind.nature.standing;
            finish(resource, cx, &work, &doing, version, &record, plan, is_new).await
        }
        Err(StoreError::Refused(problems))
            if adopt == "if_exists" && problems.iter().any(|problem| problem.cause == Cause::Duplicate) =>
        {
            match place.found_by_key(&*work.store, &work.scope, &doing, &plan).await? {
                Some(record) => take_over(resource, cx, &work, version, &record, plan).await,
                None => Err(doing.failed::<S>(StoreError::Refused(problems))),
            }
        }
        Err(StoreError::Refused(problems))
            if named && problems.iter().any(|problem| problem.cause == Cause::Duplicate) =>
        {
            match twin(resource, &work, &doing, version, &plan).await? {
                Some(record) => as_left_behind(resource, cx, &work, version, record, plan).await,
                None => Err(doing.failed::<S>(StoreError::Refused(problems))),
            }
        }
        Err(error) => Err(doing.failed::<S>(error)),
    }
}

fn body<S: Store>(resource: &ObjectResource<S>, work: &Work<S>, version: Version, plan: &Value) -> Body {
    let change = Change {
        place: &resource.place,
        prior: &Value::Null,
        planned: plan,
        memory: &Memory::default(),
        defaults: work.store.defaults(),
        version,
        ids: &work.ids,
    };
    change.whole::<S>()
}

fn nothing_to_adopt<S: Store>(doing: &Doing) -> Diagnostics {
    Diagnostics::error_at(
        super::at("adopt"),
        doing.summary(),
        format!("adopt = \"required\" takes over an object that exists, and {} has no such object.", S::NAME),
    )
}

/// The object that an interrupted run has left behind. Where several could be meant none is taken.
async fn leftover<S: Store>(
    resource: &ObjectResource<S>,
    work: &Work<S>,
    doing: &Doing,
    version: Version,
    plan: &Value,
    stamp: &str,
) -> Result<Option<Record>> {
    let place = &resource.place;
    let failed = |error| doing.failed::<S>(error);
    let stamped = work.store.stamped(&work.scope, place.kind, stamp).await.map_err(failed)?;
    let mut candidates = Vec::new();
    for id in stamped.into_iter().filter(|id| !work.store.run().is_claimed(place.kind.path, id)) {
        if let Some(record) = work.store.read(&work.scope, place.kind, &id).await.map_err(failed)? {
            let knowing = place.knowing(&Memory::default(), plan, &work.ids);
            let is = place.settled(&*work.store, &record, plan, &knowing, Reading::Known);
            let same =
                place.verified::<S>(resource.planning_schema(), doing, version, plan, &is.object).is_empty();
            candidates.extend(same.then_some(record));
        }
    }
    let mut candidates = candidates.into_iter();
    match (candidates.next(), candidates.next()) {
        (Some(record), None) if work.store.run().claim(place.kind.path, &record.id) => Ok(Some(record)),
        _ => Ok(None),
    }
}

/// The object of the same id, where it is in every field what is to be made, and nothing of this run: then it was
/// made by a run that was interrupted before it could say so, since the server takes an id once only.
async fn twin<S: Store>(
    resource: &ObjectResource<S>,
    work: &Work<S>,
    doing: &Doing,
    version: Version,
    plan: &Value,
) -> Result<Option<Record>> {
    let place = &resource.place;
    let Some(record) = place.found_by_key(&*work.store, &work.scope, doing, plan).await? else {
        return Ok(None);
    };
    if work.store.run().is_claimed(place.kind.path, &record.id) {
        return Ok(None);
    }
    let knowing = place.knowing(&Memory::default(), plan, &work.ids);
    let is = place.settled(&*work.store, &record, plan, &knowing, Reading::Known).object;
    let schema = resource.planning_schema();
    let more = |field: &crate::description::Field| {
        field.presence != Presence::ReadOnly
            && !field.secret
            && member(plan, field.name).is_null()
            && !place.same(schema, field, &Value::Null, member(&is, field.name))
    };
    let same = place.verified::<S>(schema, doing, version, plan, &is).is_empty();
    let is_twin = same && !place.kind.fields.iter().any(more);
    Ok((is_twin && work.store.run().claim(place.kind.path, &record.id)).then_some(record))
}

/// Takes over what an interrupted run has made. Its secrets may be others than those configured now: they are sent
/// again.
async fn as_left_behind<S: Store>(
    resource: &ObjectResource<S>,
    cx: &mut UntypedContext<S>,
    work: &Work<S>,
    version: Version,
    record: Record,
    plan: Value,
) -> Result<Value> {
    let place = &resource.place;
    cx.warn(Diagnostic::warning(
        "An object of an interrupted run was taken over",
        format!(
            "{} had the {} with the id {} already, and it is in every field what the configuration says: it is taken \
             for what an interrupted run has made, and is managed from now on.",
            S::NAME,
            place.kind.label,
            record.id
        ),
    ));
    let knowing = place.knowing(&Memory::default(), &plan, &work.ids);
    let is = place.settled(&*work.store, &record, &plan, &knowing, Reading::Known);
    cx.private = is.memory.store();
    cx.checkpoint(is.object.clone())?;
    let mut before = is.object;
    if let Value::Object(members) = &mut before {
        for field in place.kind.fields.iter().filter(|field| field.secret) {
            members.insert(format!("{}_version", field.name), Value::Null);
        }
    }
    let changed =
        update::change(resource, cx, work, version, &record.id, &before, plan.clone(), &is.memory).await?;
    Ok(place.as_planned(&plan, changed))
}

/// The state of an object that has been made. One that is not what was asked for is taken back, where it is new.
#[allow(clippy::too_many_arguments)]
async fn finish<S: Store>(
    resource: &ObjectResource<S>,
    cx: &mut UntypedContext<S>,
    work: &Work<S>,
    doing: &Doing,
    version: Version,
    record: &Record,
    plan: Value,
    is_new: bool,
) -> Result<Value> {
    let place = &resource.place;
    work.store.run().claim(place.kind.path, &record.id);
    let knowing = place.knowing(&Memory::default(), &plan, &work.ids);
    let object = update::state_of(resource, cx, &*work.store, record, &plan, &knowing, &Value::Null);
    cx.checkpoint(object.clone())?;
    let wrong = place.verified::<S>(resource.planning_schema(), doing, version, &plan, &object);
    if !wrong.has_errors() {
        return Ok(place.as_planned(&plan, object));
    }
    if is_new && work.store.delete(&work.scope, place.kind, &record.id).await.is_ok() {
        cx.forget();
        let detail = format!(
            "The {} that was made is not what was asked for, and was deleted again.",
            place.kind.label
        );
        let mut told = wrong;
        told.push(Diagnostic::warning("Nothing was created", detail));
        return Err(told);
    }
    Err(wrong)
}

/// Makes an object that exists what the plan says.
async fn take_over<S: Store>(
    resource: &ObjectResource<S>,
    cx: &mut UntypedContext<S>,
    work: &Work<S>,
    version: Version,
    record: &Record,
    plan: Value,
) -> Result<Value> {
    let place = &resource.place;
    if !work.store.run().claim(place.kind.path, &record.id) {
        let doing = place.doing("Creating", &plan);
        return Err(Diagnostics::error_at(
            super::at("adopt"),
            doing.summary(),
            format!(
                "The {} with the id {} is managed by another resource of this run.",
                place.kind.label, record.id
            ),
        ));
    }
    let knowing = place.knowing(&Memory::default(), &plan, &work.ids);
    let is = place.settled(&*work.store, record, &plan, &knowing, Reading::Known);
    cx.private = is.memory.store();
    cx.checkpoint(is.object.clone())?;
    update::change(resource, cx, work, version, &record.id, &is.object, plan, &is.memory).await
}
