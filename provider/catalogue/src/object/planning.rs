//! Planning of an object.

use std::io::Read as _;

use sha2::{Digest as _, Sha256};
use tf_framework::planner::{self, PlanInput};
use tf_framework::{Call, Diagnostic, Diagnostics, PlannedAction, Result, UntypedPlan, Value};

use super::{ObjectResource, at};
use crate::description::{Kind, Presence, Shape, Version};
use crate::life::{Place, member};
use crate::memory::Memory;
use crate::plan::checks::Check;
use crate::plan::{Facts, all_tags, settle};
use crate::reference::Reference;
use crate::resolve::{Wanted, resolve};
use crate::run::Run;
use crate::store::{Defaults, Scope, Store, StoreError};

/// Checks that need no server.
pub(super) fn validate(place: &Place, config: &Value, diagnostics: &mut Diagnostics) {
    for field in place.kind.fields {
        let value = member(config, field.name);
        match field.shape {
            Shape::Target { of, .. }
                if value.is_known() && of.iter().all(|choice| member(value, choice.name).is_null()) =>
            {
                let names: Vec<&str> = of.iter().map(|choice| choice.name).collect();
                let detail = format!("Set exactly one of {} in {}.", names.join(", "), field.name);
                diagnostics.push(Diagnostic::error("Nothing is referred to", detail).at(at(field.name)));
            }
            Shape::File => {
                if let Some(path) = value.as_str()
                    && std::fs::metadata(path).is_err()
                {
                    let detail = format!("There is no file {path:?} on this machine that can be read.");
                    diagnostics.push(Diagnostic::error("File cannot be read", detail).at(at(field.name)));
                }
            }
            _ => {}
        }
        let source = place.kind.slug_source(field).map(|source| member(config, source.name));
        if value.is_null()
            && let Some(name) = source.and_then(Value::as_str)
            && crate::slug::slug(name).is_empty()
        {
            let detail = format!("No slug can be made from {name:?}. Set {}.", field.name);
            diagnostics.push(Diagnostic::error("Slug is missing", detail).at(at(field.name)));
        }
    }
}

/// Plans what the configuration means, and refuses what the server would.
pub(super) async fn plan<S: Store>(
    resource: &ObjectResource<S>,
    cx: &Call<S>,
    plan: &mut UntypedPlan,
) -> Result<()> {
    if plan.action() == PlannedAction::Destroy {
        return Ok(());
    }
    let place = &resource.place;
    let mut memory = Memory::load(&plan.private)?;
    let store = cx.try_client();
    let scope = Scope::of(cx);
    let doing = place.doing("Planning", &plan.config);
    if let Some(store) = &store {
        learn(place, &**store, &scope, plan, &mut memory).await.map_err(|error| doing.failed::<S>(error))?;
    }
    let version = match &store {
        Some(store) => Some(store.version(&scope).await.map_err(|error| doing.failed::<S>(error))?),
        None => None,
    };
    let nothing = Defaults::default();
    let defaults = store.as_ref().map_or(&nothing, |store| store.defaults());
    let facts = Facts { kind: place.kind, prior: &plan.prior, memory: &memory, defaults, version };
    let meant = settle(facts, &plan.config);
    let planned = planner::plan(PlanInput {
        schema: resource.planning_schema(),
        prior: &plan.prior,
        proposed: &plan.planned,
        config: &meant,
    });
    plan.planned = planned.value;
    plan.replace = planned.requires_replace;
    keep_first_versions(place.kind, plan);
    complete(place.kind, plan, &memory, defaults, store.is_some(), version)?;
    if plan.planned != plan.prior {
        missing(place.kind, version, plan).into_result(())?;
    }
    let (Some(store), Some(version)) = (store, version) else { return Ok(()) };
    announce(place, store.run(), plan);
    if plan.planned == plan.prior {
        return Ok(());
    }
    let check = Check {
        table: place.table,
        store: &*store,
        scope: &scope,
        kind: place.kind,
        version,
        prior: &plan.prior,
        planned: &plan.planned,
    };
    check.run().await.into_result(())?;
    if plan.action() == PlannedAction::Create {
        foresee_adoption(place, cx, &store, &scope, plan).await?;
    }
    Ok(())
}

/// Looks up what references mean where what is remembered cannot tell: some answers name other objects by id alone,
/// and what was imported was never written.
async fn learn<S: Store>(
    place: &Place,
    store: &S,
    scope: &Scope,
    plan: &UntypedPlan,
    memory: &mut Memory,
) -> Result<(), StoreError> {
    let mut open = Vec::new();
    for field in place.kind.fields {
        let (configured, prior) = (member(&plan.config, field.name), member(&plan.prior, field.name));
        if !configured.is_known() || !prior.is_known() || configured == prior {
            continue;
        }
        match field.shape {
            Shape::Reference { target } => open.push((field.name.to_owned(), target, configured)),
            Shape::Target { of, .. } => open.extend(of.iter().map(|choice| {
                let key = format!("{}.{}", field.name, choice.name);
                (key, choice.kind, member(configured, choice.name))
            })),
            _ => {}
        }
    }
    let mut wanted = Vec::new();
    let mut keys = Vec::new();
    for (key, target, configured) in open {
        let lookup = place.table.lookup(target);
        if let (true, Ok(reference), Some(kind), Some(referent)) = (
            configured.is_wholly_known() && !configured.is_null(),
            Reference::of(configured),
            place.table.kind(target),
            memory.referent(&key),
        ) && referent.cannot_tell(&reference, lookup)
        {
            wanted.push(Wanted { path: at(&key), kind, reference });
            keys.push(key);
        }
    }
    if wanted.is_empty() {
        return Ok(());
    }
    let (ids, _) = resolve(store, scope, &wanted).await?;
    for (key, one) in keys.iter().zip(&wanted) {
        let id = ids.id(one.kind.path, &one.reference);
        let referents = memory.references.get_mut(key);
        for referent in referents.into_iter().flatten().filter(|referent| Some(referent.id) == id) {
            referent.learn(&one.reference, one.kind.lookup);
        }
    }
    Ok(())
}

/// Fills in what follows from the rest of the plan.
pub(crate) fn complete(
    kind: &'static Kind,
    plan: &mut UntypedPlan,
    memory: &Memory,
    defaults: &Defaults,
    configured: bool,
    version: Option<Version>,
) -> Result<()> {
    let creating = plan.prior.is_null();
    if !kind.nature.identity.is_number() {
        let id = kind.nature.identity.id_of_parts(&plan.planned).map_or(Value::UNKNOWN, |id| id.to_value());
        if let Value::Object(planned) = &mut plan.planned {
            planned.insert("id".to_owned(), id);
        }
    }
    let Value::Object(planned) = &mut plan.planned else { return Ok(()) };
    for field in kind.fields {
        let absent = version.is_some_and(|version| !field.available.covers(version));
        if creating
            && absent
            && planned.get(field.name).is_some_and(Value::is_unknown)
            && member(&plan.config, field.name).is_null()
        {
            planned.insert(field.name.to_owned(), Value::Null);
        }
        if matches!(field.shape, Shape::File) {
            let digest = match planned.get(field.name) {
                Some(path) if path.is_unknown() => Value::UNKNOWN,
                Some(path) if path.is_known() => digest_of(field.name, path)?,
                _ => Value::Null,
            };
            planned.insert(format!("{}_sha256", field.name), digest);
        }
        if matches!(field.shape, Shape::CustomFields | Shape::Tags)
            && creating
            && member(&plan.config, field.name).is_null()
        {
            planned.insert(field.name.to_owned(), Value::Null);
        }
    }
    if kind.tags().is_some() {
        let put = &memory.fact_tags;
        let all =
            if configured { all_tags(defaults, put, &plan.prior, &plan.planned) } else { Value::UNKNOWN };
        if let Value::Object(planned) = &mut plan.planned {
            planned.insert("tags_all".to_owned(), all);
        }
    }
    Ok(())
}

/// The digest of a file that is to be uploaded, so that another content under the same name is seen.
fn digest_of(name: &str, path: &Value) -> Result<Value> {
    let path = path.as_str().unwrap_or_default();
    let problem = |error: std::io::Error| {
        let detail = format!("{path:?} cannot be read: {error}.");
        Diagnostics::error_at(at(name), "File cannot be read", detail)
    };
    let mut file = std::fs::File::open(path).map_err(problem)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0_u8; 64 * 1024];
    loop {
        match file.read(&mut buffer).map_err(problem)? {
            0 => break,
            count => hash.update(&buffer[..count]),
        }
    }
    Ok(Value::String(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()))
}

/// Fields that servers of this version require, and slugs that nothing can be made from.
fn missing(kind: &Kind, version: Option<Version>, plan: &UntypedPlan) -> Diagnostics {
    let complain = |field: &crate::description::Field| {
        if !member(&plan.planned, field.name).is_null() {
            return None;
        }
        let required = match field.presence {
            Presence::RequiredIn(versions) => version.is_some_and(|version| versions.covers(version)),
            Presence::Required => kind.slug_source(field).is_some(),
            _ => false,
        };
        let detail = format!("Set {}: the server requires it.", field.name);
        required.then(|| Diagnostic::error("Argument is required", detail).at(at(field.name)))
    };
    kind.fields.iter().filter_map(complain).collect()
}

/// Lets other resources of the run know what this plan makes.
fn announce(place: &Place, run: &Run, plan: &UntypedPlan) {
    if plan.action() != PlannedAction::Create {
        return;
    }
    for name in place.kind.lookup.iter().chain(&["name", "slug"]) {
        if let Some(text) = member(&plan.planned, name).as_str() {
            run.will_make(place.kind.path, name, text);
        }
    }
}

/// An object that was imported has no version of its secret yet: the first one names the secret that is there, and is
/// no reason to make the object again.
fn keep_first_versions(kind: &Kind, plan: &mut UntypedPlan) {
    if plan.prior.is_null() {
        return;
    }
    for field in kind.fields.iter().filter(|field| field.secret && field.replace) {
        let version = format!("{}_version", field.name);
        if member(&plan.prior, &version).is_null() {
            plan.replace.remove(&at(&version));
        }
    }
}

/// Says at plan what `adopt` will do.
async fn foresee_adoption<S: Store>(
    place: &Place,
    cx: &Call<S>,
    store: &S,
    scope: &Scope,
    plan: &UntypedPlan,
) -> Result<()> {
    let mode = member(&plan.planned, "adopt").as_str().unwrap_or("never");
    if mode == "never" {
        return Ok(());
    }
    let doing = place.doing("Planning", &plan.planned);
    let found = place.found_by_key(store, scope, &doing, &plan.planned).await?;
    match found {
        Some(record) => {
            let detail = format!(
                "{} has the {} with the id {} already. It will be taken over, and what differs will be changed.",
                S::NAME,
                place.kind.label,
                record.id
            );
            cx.warn(Diagnostic::warning("An existing object will be taken over", detail).at(at("adopt")));
        }
        None if mode == "required"
            && wholly_named(place.kind, &plan.planned)
            && !born_in_this_run(place, plan) =>
        {
            let detail = format!(
                "adopt = \"required\" takes over an object that exists, and {} has no such {}.",
                S::NAME,
                place.kind.label
            );
            return Err(Diagnostics::error_at(at("adopt"), "There is nothing to adopt", detail));
        }
        None => {}
    }
    Ok(())
}

fn wholly_named(kind: &Kind, planned: &Value) -> bool {
    if !kind.nature.identity.is_number() {
        return member(planned, "id").is_known();
    }
    let known = |key: &crate::description::Key| {
        key.parts.iter().all(|part| member(planned, part.field).is_wholly_known())
    };
    kind.keys.iter().any(known)
}

/// An object that comes into being with another may be made by the same run.
fn born_in_this_run(place: &Place, plan: &UntypedPlan) -> bool {
    place.kind.born_with.is_some() && !member(&plan.planned, "id").is_known()
}
