//! List, read, create, update and delete of any family.

use serde_json::{Map, Value, json};

use super::families;
use super::family::{Change, Family, Shown, Verb, prefixed};
use super::options::{self, is_empty};
use super::store::{Fields, File, Section, unmodified};
use super::view;
use crate::pve::api::Handler;
use crate::pve::call::Call;
use crate::pve::cluster::State;
use crate::pve::personality::Release;
use crate::pve::reply::{Answer, Outcome, Refusal};
use crate::pve::schema::{self, Method};

/// The engine's handler of a method of a path.
pub(crate) fn handler(method: &str, template: &str) -> Option<Handler> {
    routes().find(|(m, t, _)| *m == method && *t == template).map(|(_, _, handler)| handler)
}

/// Everything the engine serves.
pub(crate) fn routes() -> impl Iterator<Item = (&'static str, &'static str, Handler)> {
    families::all().filter(|f| !f.item.is_empty()).flat_map(|family| {
        let all: [(&str, &str, Handler); 5] = [
            ("GET", family.collection, list),
            ("POST", family.create, create),
            ("GET", family.item, read),
            ("PUT", family.item, update),
            ("DELETE", family.item, delete),
        ];
        all.into_iter().filter(|(_, template, _)| !template.is_empty())
    })
}

/// The family a call is about, which may refuse it.
fn family(call: &Call, verb: Verb) -> Outcome<&'static Family> {
    let family = families::all()
        .find(|f| [f.collection, f.item, f.create].contains(&call.template))
        .ok_or_else(|| Refusal::died(format!("no family of objects at {}", call.template)))?;
    family.hooks.open(call, verb)?;
    Ok(family)
}

/// The method that makes objects of a family: it describes their options.
pub(crate) fn maker(release: Release, family: &Family) -> Option<&'static Method> {
    schema::method(release, "POST", family.create)
}

/// One object as answers show it.
fn shown(family: &Family, object: &Shown<'_>) -> Value {
    let Shown { call, state, id, section, listed } = *object;
    let method = maker(call.cluster.config.release, family);
    let mut view = match family.waits.filter(|_| call.params.flag("pending")) {
        Some(always) => {
            let wanted = state.config.section(family.file, id);
            let mut view = view::pending(method, state.config.running(family.file).get(id), wanted, always);
            if family.shows_digest[usize::from(!listed)] {
                view.insert("digest".into(), Value::Null);
            }
            view
        }
        None => {
            let mut view = view::fields(method, &section.fields);
            if family.shows_digest[usize::from(!listed)] {
                view.insert("digest".into(), json!(state.config.digest(family.file)));
            }
            view
        }
    };
    for secret in family.hidden {
        view.remove(*secret);
        if let Some(Value::Object(pending)) = view.get_mut("pending") {
            pending.remove(*secret);
        }
    }
    let [in_list, by_itself] = family.shows_id;
    let name = if listed { in_list } else { by_itself };
    if !name.is_empty() {
        view.insert(name.to_owned(), json!(id));
    }
    if family.shows_kind {
        view.insert("type".into(), json!(section.kind));
    } else {
        view.remove("type");
    }
    family.hooks.show(object, &mut view);
    Value::Object(view)
}

/// The objects a call is about: those wanted, those in force, or both.
fn objects<'a>(call: &Call, family: &Family, state: &'a State) -> Vec<(&'a String, &'a Section)> {
    let wanted = state.config.file(family.file);
    if family.waits.is_none() {
        return wanted.iter().collect();
    }
    let running = state.config.running(family.file);
    if call.params.flag("pending") {
        let gone = running.iter().filter(|(id, _)| !wanted.contains_key(*id));
        return wanted.iter().chain(gone).collect();
    }
    if call.params.flag("running") { running.iter().collect() } else { wanted.iter().collect() }
}

fn list(call: &Call) -> Outcome {
    let family = family(call, Verb::List)?;
    let state = call.cluster.state();
    let visible = |id: &str, section: &Section| match family.seen_with {
        Some((path, privileges)) => {
            let zone = section.str("zone").unwrap_or_default();
            let path = path.replace("{id}", id).replace("{zone}", zone);
            state.need_any(&call.principal, &path, privileges).is_ok()
        }
        None => true,
    };
    let several = family.kinds.len() > 1;
    let found: Vec<Value> = objects(call, family, &state)
        .into_iter()
        .filter(|(_, section)| !several || call.params.str("type").is_none_or(|t| t == section.kind))
        .filter(|(_, section)| family.hooks.belongs(call, section))
        .filter(|(id, section)| visible(id, section))
        .map(|(id, section)| shown(family, &Shown { call, state: &state, id, section, listed: true }))
        .collect();
    Ok(Value::from(found).into())
}

fn read(call: &Call) -> Outcome {
    let family = family(call, Verb::Read)?;
    let id = call.params.need(family.id)?;
    let state = call.cluster.state();
    let found = objects(call, family, &state).into_iter().find(|(found, _)| *found == id);
    match found.filter(|(_, section)| family.hooks.belongs(call, section)) {
        Some((id, section)) => {
            Ok(shown(family, &Shown { call, state: &state, id, section, listed: false }).into())
        }
        None => Err(missing(family, 0, id)),
    }
}

fn missing(family: &Family, verb: usize, id: &str) -> Refusal {
    let text = family.texts.missing.get(verb).and_then(|t| t.refusal(id));
    text.unwrap_or_else(|| Refusal::died(format!("'{id}' does not exist")))
}

/// The network configuration may be held by somebody else.
fn unlocked(call: &Call, family: &Family, state: &State) -> Outcome<()> {
    match family.file.starts_with("sdn/") {
        true => state.config_unlocked(call.params.str("lock-token")),
        false => Ok(()),
    }
}

fn create(call: &Call) -> Outcome {
    let family = family(call, Verb::Create)?;
    let [before, _, _] = family.texts.before;
    let kind = family.kind(call);
    let given = options::given(&call.params, call.template, &[family.id, "type"]);
    let mut state = call.cluster.state();
    let made = prefixed(before, draft(call, family, &state, kind, &given));
    let (id, section) = made?;
    state.config.file_mut(family.file).insert(id.clone(), section.clone());
    family.hooks.saved(&mut state, &id, &section);
    Ok(family.hooks.answer(call, &id, &section))
}

fn draft(
    call: &Call,
    family: &Family,
    state: &State,
    kind: &str,
    given: &Fields,
) -> Outcome<(String, Section)> {
    unlocked(call, family, state)?;
    let id = family.hooks.id(family, call, state)?;
    let there = state.config.section(family.file, &id).is_some();
    if let Some(refusal) = family.texts.taken.refusal(&id).filter(|_| there) {
        return Err(refusal);
    }
    family.options(kind)?.create(given)?;
    let mut after = Section::new(kind);
    after.fields = given.clone();
    after.fields.retain(|_, value| !is_empty(value));
    let mut change = Change { call, state, id: &id, before: None, given, after };
    family.hooks.admit(&mut change)?;
    let after = change.after;
    Ok((id, after))
}

fn update(call: &Call) -> Outcome {
    let family = family(call, Verb::Update)?;
    let [_, before, _] = family.texts.before;
    let id = call.params.need(family.id)?.to_owned();
    let mut state = call.cluster.state();
    let section = prefixed(before, changed(call, family, &state, &id))?;
    state.config.file_mut(family.file).insert(id.clone(), section.clone());
    family.hooks.saved(&mut state, &id, &section);
    Ok(family.hooks.answer(call, &id, &section))
}

fn changed(call: &Call, family: &Family, state: &State, id: &str) -> Outcome<Section> {
    let found = state.config.section(family.file, id).filter(|s| family.hooks.belongs(call, s));
    unlocked(call, family, state)?;
    let section = found.ok_or_else(|| missing(family, 1, id))?;
    unmodified(&state.config.digest(family.file), call.params.str("digest"))
        .map_err(|refusal| refusal.with_status(family.stale))?;
    let given = options::given(&call.params, call.template, &[family.id, "type"]);
    let options = family.options(&section.kind)?;
    options.update(&given)?;
    let mut after = section.clone();
    let gone = call.params.list("delete");
    if family.strict_delete {
        options.delete(&mut after, &given, &gone)?;
    } else {
        after.fields.retain(|key, _| !gone.contains(key));
    }
    for (key, value) in &given {
        match is_empty(value) {
            true => after.fields.remove(key),
            false => after.fields.insert(key.clone(), value.clone()),
        };
    }
    let mut change = Change { call, state, id, before: Some(section), given: &given, after };
    family.hooks.admit(&mut change)?;
    Ok(change.after)
}

fn delete(call: &Call) -> Outcome {
    let family = family(call, Verb::Delete)?;
    let [_, _, before] = family.texts.before;
    let id = call.params.need(family.id)?;
    let mut state = call.cluster.state();
    let found = state.config.section(family.file, id).is_some_and(|s| family.hooks.belongs(call, s));
    let [_, _, text] = family.texts.missing;
    if !found {
        return match text.refusal(id) {
            Some(refusal) => prefixed(before, Err(refusal)),
            None => Ok(Answer::null()),
        };
    }
    let free = unlocked(call, family, &state).and_then(|()| family.hooks.release(call, &state, id));
    prefixed(before, free)?;
    state.config.file_mut(family.file).remove(id);
    family.hooks.deleted(&mut state, id);
    Ok(Answer::null())
}

/// All objects of a family behind the API's back, as the laboratory's handles show them.
pub(crate) fn inside(family: &Family, release: Release, state: &State) -> Value {
    let method = maker(release, family);
    let show = |file: &File| -> Map<String, Value> {
        file.iter()
            .map(|(id, section)| {
                let mut view = view::fields(method, &section.fields);
                view.insert("type".into(), json!(section.kind));
                (id.clone(), Value::Object(view))
            })
            .collect()
    };
    Value::Object(show(state.config.file(family.file)))
}
