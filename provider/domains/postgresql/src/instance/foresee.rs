//! What an apply would do, for the plan; and from the plan to the state.

use std::collections::{BTreeMap, BTreeSet};

use tf_framework::{Diagnostic, Diagnostics, Model, Path, Result, Type, Value};
use tf_value::json;

use super::facts::{Facts, Server};
use super::model::{Postgresql, Restart};
use super::plan::{Step, plan};
use super::preflight::{offline, refusals};
use super::settings::{self, Effect, ORDERED};
use super::spec::Spec;
use crate::errors::Refusal;

/// An instance before the change, as the state has it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Before<'a> {
    /// PostgreSQL itself.
    pub(crate) postgresql: &'a Postgresql,
    /// Settings in force.
    pub(crate) effective: Option<&'a BTreeMap<String, String>>,
}

/// What an apply would do.
#[derive(Debug, Clone, Default)]
pub(crate) struct Foreseen {
    /// Settings that would be in force; nothing where the machine could not be asked.
    pub(crate) effective: Option<BTreeMap<String, String>>,
    /// Computed attributes that are known after apply only.
    pub(crate) unknown: Vec<Path>,
    /// What the user is told.
    pub(crate) warnings: Vec<Diagnostic>,
}

fn status(name: &str) -> Path {
    Path::root().attribute("status").attribute(name)
}

/// Foresees an apply. `changed` says whether the plan changes anything already.
///
/// # Errors
/// What must not be done; nothing was changed.
pub(crate) fn foresee(
    spec: &Spec,
    facts: Option<&Facts>,
    before: Option<Before<'_>>,
    changed: bool,
) -> Result<Foreseen> {
    let mut foreseen = Foreseen::default();
    if let Some(before) = before {
        let refused: Diagnostics = moved(spec, before).iter().map(Refusal::diagnostic).collect();
        refused.into_result(())?;
    }
    let refused: Diagnostics = offline(spec).iter().map(Refusal::diagnostic).collect();
    refused.into_result(())?;
    let Some(facts) = facts else {
        if changed {
            foreseen.unknown = volatile(spec, before, None, &[]);
        }
        return Ok(foreseen);
    };
    let refused: Diagnostics = refusals(facts, spec).iter().map(Refusal::diagnostic).collect();
    refused.into_result(())?;
    let steps = plan(facts, spec).unwrap_or_default();
    let wanted = settings::desired(spec, facts);
    if before.is_some() && (changed || !steps.is_empty()) {
        foreseen.unknown = volatile(spec, before, Some(facts), &steps);
    }
    if let Some(before) = before {
        foreseen.warnings.extend(restarts(spec, facts, before, &wanted, &steps));
        foreseen.warnings.extend(order(spec, facts, before, &wanted));
        if !changed && !steps.is_empty() {
            foreseen.warnings.push(repair(spec, &steps));
        }
        foreseen.warnings.extend(left_down(spec, facts));
    }
    foreseen.effective = Some(wanted);
    Ok(foreseen)
}

/// What is known after apply only, when there is one.
fn volatile(spec: &Spec, before: Option<Before<'_>>, facts: Option<&Facts>, steps: &[Step]) -> Vec<Path> {
    let mut names = vec!["pending_restart", "current_role", "timeline"];
    let package = |p: &Postgresql| p.package_version.known().cloned();
    let upgraded = before.is_none_or(|before| package(before.postgresql) != package(&spec.postgresql));
    let stopped = facts.is_some_and(|facts| facts.server.is_none());
    if upgraded || stopped {
        names.push("server_version");
    }
    let issued = steps.iter().any(|step| matches!(step, Step::IssueCertificate | Step::SendCertificate));
    if issued || before.is_none_or(|before| tls_object(before.postgresql) != tls_object(&spec.postgresql)) {
        names.extend(["tls_expires_at", "tls_ca_certificate"]);
    }
    names.into_iter().map(status).collect()
}

/// The block as a value; its key is not part of it.
fn tls_object(p: &Postgresql) -> Option<Value> {
    p.tls.as_ref().map(Model::to_object)
}

/// What cannot be moved once there are data.
fn moved(spec: &Spec, before: Before<'_>) -> Vec<Refusal> {
    let (was, is) = (before.postgresql, &spec.postgresql);
    let place = |p: &Postgresql| p.data_directory.known().cloned().unwrap_or_default();
    let pairs = [
        ("version", was.version.to_string(), is.version.to_string()),
        ("cluster", was.cluster.clone(), is.cluster.clone()),
        ("data_directory", place(was), place(is)),
    ];
    let differ = pairs.into_iter().filter(|(_, was, is)| was != is && !is.is_empty());
    let refusal = |(name, was, is): (&str, String, String)| {
        let advice = match name {
            "version" => {
                "An upgrade to another major version takes a new cluster, a new archive and a full backup: declare a new \
                          instance beside this one."
            }
            _ => {
                "Its data would be left behind and an empty cluster made. Declare a new instance, or set it back."
            }
        };
        Refusal::new(
            format!("`{name}` of {:?} cannot be changed", spec.name),
            format!("It is {was:?} and {is:?} is asked for. {advice}"),
        )
        .at(Path::root().attribute("postgresql").attribute(name))
    };
    differ.map(refusal).collect()
}

/// Names each setting that reloads and each that restarts.
fn restarts(
    spec: &Spec,
    facts: &Facts,
    before: Before<'_>,
    wanted: &BTreeMap<String, String>,
    steps: &[Step],
) -> Option<Diagnostic> {
    let server = facts.server.as_ref();
    let empty = BTreeMap::new();
    let was = before.effective.unwrap_or(&empty);
    let names: BTreeSet<&String> = was.keys().chain(wanted.keys()).collect();
    let changed = names.into_iter().filter(|name| was.get(*name) != wanted.get(*name));
    let (mut reload, mut restart): (BTreeSet<String>, BTreeSet<String>) = Default::default();
    for name in changed {
        match settings::effect(name, server) {
            Effect::Restart => restart.insert(name.clone()),
            Effect::Reload => reload.insert(name.clone()),
        };
    }
    if let Some(server) = server.filter(|_| !steps.is_empty() || !restart.is_empty()) {
        restart.extend(settings::pending(server));
    }
    let package = facts.packages.get(&format!("postgresql-{}", spec.postgresql.version));
    let installed = package.and_then(|package| package.installed.as_ref());
    let upgraded = installed.is_some()
        && spec.postgresql.package_version.known().is_some_and(|it| Some(it) != installed);
    if restart.is_empty() && reload.is_empty() && !upgraded {
        return None;
    }
    let list = |names: &BTreeSet<String>| names.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    let mut lines = Vec::new();
    let waits = spec.postgresql.restart == Restart::Never;
    let summary = match (restart.is_empty() && !upgraded, waits && !upgraded) {
        (true, _) => format!("PostgreSQL {:?} reloads its configuration", spec.name),
        (false, false) => format!("PostgreSQL {:?} is restarted", spec.name),
        (false, true) => format!("Settings of PostgreSQL {:?} wait for a restart", spec.name),
    };
    if upgraded {
        lines.push("The package is brought to another version, which restarts the server; a checkpoint is made first.".to_owned());
    }
    if !restart.is_empty() {
        let how = if waits {
            "They take effect when it is restarted by hand, for `restart = \"never\"`"
        } else {
            "These settings take a restart; a checkpoint is made first"
        };
        lines.push(format!("{how}: {}.", list(&restart)));
    }
    if !reload.is_empty() {
        lines.push(format!("These take a reload, which nobody notices: {}.", list(&reload)));
    }
    Some(Diagnostic::warning(summary, lines.join("\n")))
}

/// Settings of a standby must not be below those of its primary: who comes first is told.
fn order(
    spec: &Spec,
    facts: &Facts,
    before: Before<'_>,
    wanted: &BTreeMap<String, String>,
) -> Option<Diagnostic> {
    let server =
        facts.server.as_ref().filter(|server: &&Server| !server.in_recovery && !server.streams.is_empty())?;
    let number =
        |map: &BTreeMap<String, String>, name: &str| map.get(name).and_then(|text| text.parse::<u64>().ok());
    let was = before.effective?;
    let raised: Vec<&str> =
        ORDERED.into_iter().filter(|name| number(was, name) < number(wanted, name)).collect();
    let standbys: Vec<&str> = server.streams.iter().map(|stream| stream.application_name.as_str()).collect();
    (!raised.is_empty()).then(|| {
        Diagnostic::warning(
            format!("Standbys of {:?} come first", spec.name),
            format!(
                "{} is raised on the primary. A standby with less stops replaying: raise it on {} first and restart them, then here.",
                raised.join(", "),
                standbys.join(", ")
            ),
        )
    })
}

fn repair(spec: &Spec, steps: &[Step]) -> Diagnostic {
    let names: Vec<&str> = steps.iter().map(Step::name).collect();
    Diagnostic::warning(
        format!("PostgreSQL {:?} is not as it was left", spec.name),
        format!("An apply puts right: {}.", names.join(", ")),
    )
}

/// A server that is down and is not for this resource to start.
fn left_down(spec: &Spec, facts: &Facts) -> Option<Diagnostic> {
    let led = facts.led().filter(|_| facts.server.is_none())?;
    Some(Diagnostic::warning(
        format!("PostgreSQL {:?} does not run", spec.name),
        format!(
            "It is a member of a cluster with an epoch ({led}), so the hybridops_postgresql_primary of that cluster starts it, \
             replaces it or turns it back, and this resource does not. If that resource is gone for good, remove \
             /var/lib/hybridops/postgresql/{}-{}/lease on its machine and apply again.",
            spec.postgresql.version, spec.postgresql.cluster
        ),
    ))
}

/// What is observed on the machine, so that an import needs not be told.
const OBSERVED: [&str; 8] = [
    "data_directory",
    "package_version",
    "locale",
    "encoding",
    "wal_segment_size",
    "checksums",
    "user_id",
    "group_id",
];

/// The inputs of a resource as JSON for the marker: those named, without secrets, without what is observed or computed.
pub(crate) fn remember(
    object: &Value,
    ty: &Type,
    inputs: &[&str],
) -> serde_json::Map<String, serde_json::Value> {
    let mut remembered = serde_json::Map::new();
    let Type::Object(members) = ty else { return remembered };
    for name in inputs {
        let (Some(value), Some(ty)) = (object.get(name), members.get(*name)) else { continue };
        let value =
            value.clone().transform(&mut |_, value| if value.is_unknown() { Value::Null } else { value });
        let json = json::encode(&value, ty).ok().and_then(|text| serde_json::from_slice(&text).ok());
        let Some(mut json) = json.filter(|json: &serde_json::Value| !json.is_null()) else { continue };
        if let Some(members) = json.as_object_mut() {
            let out: &[&str] = match *name {
                "postgresql" => &OBSERVED,
                "backup" => &["fingerprint", "differences", "expired_backups", "proof"],
                _ => &[],
            };
            out.iter().for_each(|name| drop(members.remove(*name)));
        }
        remembered.insert((*name).to_owned(), json);
    }
    remembered
}

/// Versions of the secrets that were sent before.
pub(crate) fn sent(before: &Postgresql) -> BTreeMap<String, Option<i64>> {
    let roles = before.roles.iter().map(|(name, role)| (format!("role/{name}"), role.password_version));
    let key = before.tls.as_ref().map(|tls| ("tls/key".to_owned(), tls.key_version));
    roles.chain(key).collect()
}

/// The plan with what was left open filled in from what was seen. What the plan says stays word for word.
pub(crate) fn settle(planned: Value, seen: &Value) -> Value {
    let members = |members: BTreeMap<String, Value>| {
        let of = |name: &str| seen.get(name).cloned().unwrap_or(Value::Null);
        members.into_iter().map(|(name, value)| (name.clone(), settle(value, &of(&name)))).collect()
    };
    match planned {
        Value::Unknown(_) => seen.clone(),
        Value::Object(object) => Value::Object(members(object)),
        Value::Map(map) => Value::Map(members(map)),
        other => other,
    }
}
