//! Making and changing an object of any type.

use std::time::Duration;

use catalogue::store::{Scope, Store as _};
use serde_json::{Map, Value as Json};
use sha2::{Digest as _, Sha256};
use tf_framework::{Context, Diagnostic, Diagnostics, Path, Result, Value};

use super::body::{Agreement, agreement, changes, members, owned, same, wire};
use super::model::{AnyObject, Keeping};
use crate::api::{Error, Etag, Fault, Object, PathStep};
use crate::client::{Client, STAMP, TABLE, budget};
use crate::resources::failure::{failed, failed_at};

/// How far back an interrupted run is looked for.
const LEFTOVERS: Duration = Duration::from_secs(24 * 60 * 60);

fn in_body(key: &str) -> Option<Path> {
    let body = Path::root().attribute("body");
    Some(if key.is_empty() || key.starts_with('_') { body } else { body.attribute(key) })
}

/// What a creation is known by: the same in every run that would make the same object, and in no other.
fn stamp(path: &str, body: &Map<String, Json>) -> String {
    let mut hash = Sha256::new();
    hash.update(path);
    hash.update([0]);
    hash.update(Json::Object(body.clone()).to_string());
    let digest: String = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("{STAMP}{digest}")
}

/// Makes the object, or takes over the one that is meant.
pub(super) async fn create(
    cx: &mut Context<AnyObject>,
    client: &Client,
    plan: &AnyObject,
) -> Result<AnyObject> {
    let what = format!("Creating an object of {} failed", plan.path);
    let scope = Scope::of(cx);
    let budget = budget(&scope);
    if let Some(there) = adopted(client, plan, &scope, &what).await? {
        return take_over(cx, client, plan, &there, &what).await;
    }
    let mut body = wire(&plan.body);
    // What is not there need not be cleared.
    body.retain(|_, value| !value.is_null());
    let stamp = stamp(&plan.path, &body);
    if let Some(there) = leftover(client, plan, &stamp, &scope, &what).await? {
        let detail =
            format!("A run that was interrupted had made the object {} of {} already.", there.id, plan.path);
        cx.warn(Diagnostic::warning("An object of an interrupted run was taken over", detail));
        return settled(cx, plan, &there, &what);
    }
    let made = client.api.create(&plan.path, body, Some(&stamp), &budget).await;
    let made = made.map_err(|error| not_made(&what, plan, error))?;
    let outcome = settled(cx, plan, &made, &what);
    if outcome.is_err() && client.api.delete(&plan.path, made.id, None, &budget).await.is_ok() {
        cx.forget();
        let mut told = outcome.err().unwrap_or_default();
        let detail = "The object that was made is not what was asked for, and was deleted again.";
        told.push(Diagnostic::warning("Nothing was created", detail));
        return Err(told);
    }
    outcome
}

fn not_made(what: &str, plan: &AnyObject, error: Error) -> Diagnostics {
    let duplicate = error.faults().iter().any(|fault| fault.kind == crate::api::FaultKind::Duplicate);
    let missing = matches!(&error, Error::NotTheApi(page) if page.call.status == 404);
    let mut told = failed_at(what, error, &in_body);
    if duplicate {
        told.push(
            Diagnostic::warning(
                "There is such an object already",
                "Import it, or name the keys that single it out in adopt_by to take it over.",
            )
            .at(Path::root().attribute("adopt_by")),
        );
    }
    if missing {
        let detail = format!("The server has no type at /api/{}/. Is the plugin installed?", plan.path);
        told.push(Diagnostic::warning("Unknown path", detail).at(Path::root().attribute("path")));
    }
    told
}

/// The object that agrees with all keys of `adopt_by`.
async fn adopted(client: &Client, plan: &AnyObject, scope: &Scope, what: &str) -> Result<Option<Object>> {
    let Some(keys) = &plan.adopt_by else { return Ok(None) };
    let body = members(&plan.body);
    let wanted: Vec<(&String, &Value)> = keys.iter().filter_map(|key| Some((key, body.get(key)?))).collect();
    let query: Vec<(String, String)> = wanted.iter().filter_map(|(key, value)| filter(key, value)).collect();
    let listed = client.api.list(&plan.path, &query, Some(1_000), &budget(scope)).await;
    let listed = listed.map_err(|error| failed(what, error))?;
    // A filter that the server does not know finds everything: the objects themselves tell.
    let is = |object: &Object| wanted.iter().all(|(key, value)| same(value, object.fields.get(*key)));
    let mut found = listed.into_iter().filter(is);
    match (found.next(), found.next()) {
        (None, _) => Ok(None),
        (Some(one), None) => Ok(Some(one)),
        (Some(one), Some(other)) => Err(Diagnostics::error_at(
            Path::root().attribute("adopt_by"),
            what,
            format!(
                "Several objects of {} agree with these keys, {} and {} among them: none can be chosen. Name more keys.",
                plan.path, one.id, other.id
            ),
        )),
    }
}

/// The filter that finds objects by a key of a body.
fn filter(key: &str, value: &Value) -> Option<(String, String)> {
    let plain = |value: &Value| match catalogue::json::from_value(value) {
        Json::String(text) => Some(text),
        Json::Number(number) => Some(number.to_string()),
        Json::Bool(bool) => Some(bool.to_string()),
        Json::Null => Some("null".to_owned()),
        _ => None,
    };
    match value.as_map() {
        Some(attributes) => match (attributes.get("id"), attributes.get("slug")) {
            (Some(id), _) => Some((format!("{key}_id"), plain(id)?)),
            (None, Some(slug)) => Some((key.to_owned(), plain(slug)?)),
            _ => None,
        },
        None => Some((key.to_owned(), plain(value)?)),
    }
}

/// The object that an interrupted run has left behind. Where several could be meant none is taken.
async fn leftover(
    client: &Client,
    plan: &AnyObject,
    stamp: &str,
    scope: &Scope,
    what: &str,
) -> Result<Option<Object>> {
    let budget = budget(scope);
    let leftovers = client.api.leftovers(LEFTOVERS, &budget).await.map_err(|error| failed(what, error))?;
    let mut found = Vec::new();
    for id in leftovers.find_any(stamp) {
        let there =
            client.api.read(&plan.path, id, &[], &budget).await.map_err(|error| failed(what, error))?;
        found.extend(there.filter(|object| differing(plan, object).is_empty()));
    }
    // Two resources may ask for the same object twice.
    let place = TABLE.kind(&plan.path).map_or(STAMP, |kind| kind.path);
    let claim = |object: &Object| client.run().claim(place, object.id);
    Ok(match found.as_slice() {
        [one] if claim(one) => Some((**one).clone()),
        _ => None,
    })
}

/// Keys that the server has not as they were sent, with what it has.
fn differing(plan: &AnyObject, object: &Object) -> Vec<(String, Option<Json>)> {
    let unread = plan.unread();
    let differs =
        |(key, value): &(String, Value)| !unread.contains(key) && !same(value, object.fields.get(key));
    let keys = members(&plan.body).into_iter().filter(differs);
    keys.map(|(key, _)| (key.clone(), object.fields.get(&key).cloned())).collect()
}

/// The state after a write, kept, and checked against what was sent.
fn settled(cx: &mut Context<AnyObject>, plan: &AnyObject, object: &Object, what: &str) -> Result<AnyObject> {
    cx.private = Keeping { seen: object.etag().map(|etag| etag.as_str().to_owned()), imported: false };
    let body = owned(&plan.body, object, &plan.unread());
    let state = AnyObject { body, ..plan.seen_as(object) };
    cx.checkpoint(&state)?;
    let problem = |(key, there): (String, Option<Json>)| {
        let detail = match there {
            None => format!(
                "NetBox ignored {key}: objects of {} have no such field. Take it out of the body, or, where the server \
                 takes it and does not show it, name it in not_compared.",
                plan.path
            ),
            Some(there) => format!(
                "NetBox answered with another value for {key} than it was sent: {there}. Write it as the server does, or \
                 name it in not_compared."
            ),
        };
        Diagnostic::error(what, detail).at(Path::root().attribute("body").attribute(key))
    };
    differing(plan, object).into_iter().map(problem).collect::<Diagnostics>().into_result(state)
}

async fn take_over(
    cx: &mut Context<AnyObject>,
    client: &Client,
    plan: &AnyObject,
    there: &Object,
    what: &str,
) -> Result<AnyObject> {
    let differing: Vec<String> = differing(plan, there).into_iter().map(|(key, _)| key).collect();
    let unread = plan.unread();
    let mut changed = wire(&plan.body);
    changed.retain(|key, _| differing.contains(key) || unread.contains(key));
    if changed.is_empty() {
        return settled(cx, plan, there, what);
    }
    let budget = budget(&Scope::of(cx));
    let etag = there.etag();
    let updated = send(client, &plan.path, there.id, changed, etag.as_ref(), &budget).await;
    let updated = updated.map_err(|error| failed_at(what, error, &in_body))?;
    settled(cx, plan, &updated, what)
}

/// Changes the keys. Texts that know no null are cleared by an empty one: nobody but the server knows which they are.
async fn send(
    client: &Client,
    path: &str,
    id: u64,
    changed: Map<String, Json>,
    seen: Option<&Etag>,
    budget: &transport_rest::Budget,
) -> Result<Object, Error> {
    let refused = match client.api.update(path, id, changed.clone(), seen, budget).await {
        Err(error @ Error::Invalid(_)) => error,
        outcome => return outcome,
    };
    let key = |fault: &Fault| match fault.path.first() {
        Some(PathStep::Field(key)) if fault.message.contains("null") => Some(key.clone()),
        _ => None,
    };
    let keys: Option<Vec<String>> = refused.faults().iter().map(key).collect();
    let keys = keys.filter(|keys| keys.iter().all(|key| changed.get(key).is_some_and(Json::is_null)));
    let Some(keys) = keys.filter(|keys| !keys.is_empty()) else { return Err(refused) };
    let mut changed = changed;
    changed.extend(keys.into_iter().map(|key| (key, Json::from(""))));
    client.api.update(path, id, changed, seen, budget).await
}

/// Sends the keys that changed, and nothing else.
pub(super) async fn update(
    cx: &mut Context<AnyObject>,
    client: &Client,
    prior: &AnyObject,
    plan: &AnyObject,
) -> Result<AnyObject> {
    let what = format!("Updating the object of {} failed", plan.path);
    let id = *prior.id.known().ok_or_else(|| Diagnostics::error(&what, "The state has no id."))?;
    let changed = changes(&prior.body, &plan.body);
    if changed.is_empty() {
        // Keys that are no longer managed: there is nothing to be sent.
        cx.private.imported = false;
        let display = prior.display.clone();
        return Ok(AnyObject { id: prior.id, url: prior.url.clone(), display, ..plan.clone() });
    }
    let budget = budget(&Scope::of(cx));
    let seen = cx.private.seen.clone().map(Etag::new);
    let updated = match send(client, &plan.path, id, changed.clone(), seen.as_ref(), &budget).await {
        Err(Error::Changed { .. }) => {
            let there = unmoved(client, prior, plan, id, &changed, &budget, &what).await?;
            send(client, &plan.path, id, changed, there.etag().as_ref(), &budget).await
        }
        outcome => outcome,
    };
    let updated = updated.map_err(|error| failed_at(&what, error, &in_body))?;
    settled(cx, plan, &updated, &what)
}

/// The object as it is now, where others have changed other keys than this plan does.
async fn unmoved(
    client: &Client,
    prior: &AnyObject,
    plan: &AnyObject,
    id: u64,
    changed: &Map<String, Json>,
    budget: &transport_rest::Budget,
    what: &str,
) -> Result<Object> {
    let there = client.api.read(&plan.path, id, &[], budget).await.map_err(|error| failed(what, error))?;
    let gone = || Diagnostics::error(what, "It was deleted since the plan was made. Plan again.");
    let there = there.ok_or_else(gone)?;
    let before = members(&prior.body);
    let conflict = |key: &&String| {
        let is = there.fields.get(*key);
        let unchanged = before.get(*key).is_none_or(|before| same(before, is));
        let done = members(&plan.body).get(*key).is_some_and(|planned| same(planned, is));
        !unchanged && !done
    };
    let problem = |key: &String| {
        let detail = format!(
            "Someone changed {key} in NetBox since the plan was made. Nothing was written. Plan again to see the change."
        );
        Diagnostic::error(what, detail).at(Path::root().attribute("body").attribute(key.clone()))
    };
    let problems: Diagnostics = changed.keys().filter(conflict).map(problem).collect();
    problems.into_result((*there).clone())
}

/// Whether all objects of an answer are what was asked for; the filters that cannot be told from the objects.
pub(crate) fn verified(objects: &[Object], query: &[(String, Vec<String>)]) -> Result<Vec<String>> {
    let mut unsure = Vec::new();
    for (filter, wanted) in query {
        let found: Vec<Agreement> = objects.iter().map(|object| agreement(object, filter, wanted)).collect();
        if found.contains(&Agreement::Differs) {
            return Err(Diagnostics::error(
                format!("The server ignored the filter {filter:?}"),
                format!(
                    "It answered with objects that do not have {filter} = {}, as it does for a filter that it does not \
                     know. Check the filter's name in the API's documentation of the type.",
                    wanted.join(" or ")
                ),
            ));
        }
        if found.contains(&Agreement::Unknown) {
            unsure.push(filter.clone());
        }
    }
    Ok(unsure)
}
