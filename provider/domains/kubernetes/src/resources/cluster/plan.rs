//! The plan of a cluster: what is checked, resolved and pinned. No machine is asked.

use std::collections::BTreeMap;

use tf_framework::{
    Diagnostics, Field, Model as _, Path, PlanContext, PlannedAction, Resource, Result, Value,
};
use transport_ssh::Budget;

use super::ClusterKind;
use super::refusals::{refusals, warnings};
use crate::channel::channels;
use crate::client::budget;
use crate::distribution::Distribution;
use crate::errors::chain;
use crate::install::Source;
use crate::spec::{ClusterConfig, ClusterSpec};
use crate::version::Version;

pub(super) fn at(name: &str) -> Path {
    Path::root().attribute(name)
}

/// Completes the plan, or refuses it.
pub(super) async fn modify<R: ClusterKind>(cx: &mut PlanContext<R>) -> Result<()> {
    let distribution = R::DISTRIBUTION;
    if cx.action() == PlannedAction::Destroy {
        return Ok(());
    }
    // Everything that is wrong is told at once: what cannot be resolved is one thing among others.
    let mut refused = Diagnostics::new();
    let version = version(cx).await.unwrap_or_else(|told| {
        refused.extend(told);
        None
    });
    if let Some(version) = &version {
        cx.plan(&at("version"), &version.to_string())?;
    } else if cx.planned_value().get("version").is_some_and(Value::is_null) {
        cx.plan_unknown(&at("version"))?;
    }
    let planned = cx.planned_value().clone();
    if let Some(name) = planned.get("name").filter(|name| !name.is_unknown()).cloned() {
        cx.plan(&at("id"), &name)?;
    }
    let sums = match &version {
        Some(version) => {
            // Sums that were given and are others now are not kept as though the source had told them.
            let given = at("artefacts").attribute("sha256");
            let prior = cx.prior().filter(|_| !cx.changes(&given)).and_then(R::known_spec);
            let planned = planned.get("artefacts").cloned().unwrap_or(Value::Null);
            sums(distribution, planned, version, prior, &budget(cx)).await.unwrap_or_else(|told| {
                refused.extend(told);
                None
            })
        }
        None => None,
    };
    let spec = spec_value(&planned, distribution, sums.as_ref());
    cx.plan(&at("spec"), &spec)?;
    super::restoring::plan(cx)?;
    super::rotating::plan(cx);
    let prior = cx.prior().and_then(R::known_spec);
    refused.extend(refusals(distribution, &planned, version.as_ref(), prior.as_ref()));
    refused.extend(super::places::same_address(&planned).await);
    for diagnostic in warnings(version.as_ref(), &planned) {
        cx.warn(diagnostic);
    }
    if let (Some(client), Some(spec)) = (cx.try_client(), known(&spec)) {
        let gate = client.gates.of(distribution, &spec.name, spec.agents_at_once());
        gate.plan(spec.servers.keys().cloned().collect());
    }
    refused.into_result(())
}

/// The specification where all of it is known.
pub(super) fn known(spec: &Value) -> Option<ClusterSpec> {
    ClusterSpec::from_object(spec.clone()).ok()
}

/// The version: what is given, what was pinned, or what the channel stands for now. Nothing while that is not known.
async fn version<R: ClusterKind>(cx: &PlanContext<R>) -> Result<Option<Version>> {
    let planned = cx.planned_value();
    let text = |name: &str| planned.get(name).and_then(Value::as_str).map(str::to_owned);
    let given = match R::configured_version(cx.config()) {
        Field::Known(version) => Some(Some(version)),
        Field::Unknown => Some(None),
        Field::Null => None,
    };
    let channel = planned.get("channel").cloned().unwrap_or(Value::Null);
    match (given, channel.is_null()) {
        (Some(_), false) => Err(Diagnostics::error_at(
            at("channel"),
            "A version and a channel are given",
            "Give `version`, or `channel` whose version is taken.",
        )),
        (None, true) => Err(Diagnostics::error_at(
            at("version"),
            "No version is given",
            "Give `version`, or `channel` whose version is taken.",
        )),
        (Some(Some(version)), true) => parse(R::DISTRIBUTION, &version).map(Some),
        (Some(None), true) => Ok(None),
        (None, false) => {
            let moved =
                ["channel", "keepers", "channel_server"].into_iter().any(|name| cx.changes(&at(name)));
            let pinned = cx.prior().and_then(|prior| prior.clone().parts().version.known().cloned());
            if let (Some(pinned), false) = (pinned, moved) {
                return parse(R::DISTRIBUTION, &pinned).map(Some);
            }
            let (Some(name), Some(server)) = (text("channel"), text("channel_server")) else {
                return Ok(None);
            };
            let ca = planned
                .get("artefacts")
                .and_then(|it| it.get("ca_certificate"))
                .cloned()
                .unwrap_or(Value::Null);
            if ca.is_unknown() {
                return Ok(None);
            }
            resolve(R::DISTRIBUTION, &name, &server, ca.as_str(), cx).await.map(Some)
        }
    }
}

async fn resolve<R: Resource>(
    distribution: Distribution,
    name: &str,
    server: &str,
    ca: Option<&str>,
    cx: &PlanContext<R>,
) -> Result<Version> {
    let found = channels(distribution, server, ca, &budget(cx)).await.map_err(|error| {
        Diagnostics::error_at(at("channel"), "The channel cannot be resolved", format!("{}.", chain(&error)))
    })?;
    let all: BTreeMap<String, String> =
        found.iter().map(|it| (it.name.clone(), it.latest.to_string())).collect();
    let channel = found.into_iter().find(|it| it.name == name);
    channel.map(|it| it.latest).ok_or_else(|| {
        let names: Vec<&str> = all.keys().map(String::as_str).collect();
        let detail = format!("{server} has no channel {name:?}. It has: {}.", names.join(", "));
        Diagnostics::error_at(at("channel"), "The channel is not known", detail)
    })
}

fn parse(distribution: Distribution, text: &str) -> Result<Version> {
    let wrong = |detail: String| Diagnostics::error_at(at("version"), "The version is not known", detail);
    let version: Version =
        text.parse().map_err(|error: crate::version::NoVersion| wrong(format!("{error}.")))?;
    if version.distribution != distribution {
        return Err(wrong(format!(
            "{text} is of {}, not of {}.",
            version.distribution.title(),
            distribution.title()
        )));
    }
    Ok(version)
}

/// Sums of the release's files: those given, completed by those that were pinned, or by the source's own list now.
async fn sums(
    distribution: Distribution,
    planned: Value,
    version: &Version,
    prior: Option<ClusterSpec>,
    budget: &Budget,
) -> Result<Option<BTreeMap<String, String>>> {
    let unknown =
        |name: &str| planned.is_unknown() || planned.get(name).is_some_and(|it| !it.is_wholly_known());
    if ["source", "sha256", "ca_certificate", "images"].into_iter().any(unknown) {
        return Ok(None);
    }
    let mut object = planned.clone();
    if object.is_null() {
        object = crate::spec::Artefacts::default().to_object();
    }
    let artefacts = crate::spec::Artefacts::from_object(object).map_err(Diagnostics::from)?;
    let mut sums = artefacts.sha256.clone().unwrap_or_default();
    let images = artefacts.images.clone().unwrap_or_default();
    let has_all = |architecture: &str, sums: &BTreeMap<String, String>| {
        sums.contains_key(&distribution.artefact(architecture))
            && images.iter().all(|set| sums.contains_key(&distribution.images(set, architecture)))
    };
    if let Some(prior) = prior {
        let before = prior.artefacts.clone().unwrap_or_default();
        let same = prior.version == version.to_string() && before.source == artefacts.source;
        if same {
            for (name, sum) in before.sha256.unwrap_or_default() {
                sums.entry(name).or_insert(sum);
            }
        }
    }
    if has_all("amd64", &sums) || has_all("arm64", &sums) {
        return Ok(Some(sums));
    }
    let source = Source::of(distribution, Some(&artefacts));
    let mut failed = None;
    for architecture in ["amd64", "arm64"] {
        match source.sums(distribution, version, architecture, budget).await {
            Ok(listed) => {
                let wanted = |name: &String| {
                    *name == distribution.artefact(architecture)
                        || images.iter().any(|set| *name == distribution.images(set, architecture))
                };
                for (name, sum) in listed.into_iter().filter(|(name, _)| wanted(name)) {
                    sums.entry(name).or_insert(sum);
                }
            }
            // A release need not be there for every architecture.
            Err(error) => drop(failed.get_or_insert(error)),
        }
    }
    if has_all("amd64", &sums) || has_all("arm64", &sums) {
        return Ok(Some(sums));
    }
    let why = failed.map_or_else(
        || {
            format!(
                "The list of {} does not name all files that are needed.",
                source.place_of(version, &distribution.sums("amd64"))
            )
        },
        |error| format!("{}.", chain(&error)),
    );
    let detail = format!(
        "{why}\n\nThere may be no such version. Check `version` and `artefacts.source`, or give the sums: `artefacts.sha256 = {{ \"{}\" = \
         \"…\" }}`.",
        distribution.artefact("amd64")
    );
    Err(Diagnostics::error_at(at("version"), format!("The release {version} cannot be found"), detail))
}

/// The sums that an apply pins where the plan could not.
pub(super) async fn settle_sums(
    distribution: Distribution,
    object: &Value,
    version: &str,
    budget: &Budget,
) -> Result<BTreeMap<String, String>> {
    let version = parse(distribution, version)?;
    let artefacts = object.get("artefacts").cloned().unwrap_or(Value::Null);
    Ok(sums(distribution, artefacts, &version, None, budget).await?.unwrap_or_default())
}

/// Attributes that `spec` has as they are.
const SAME: [&str; 10] = [
    "name",
    "registration_address",
    "servers",
    "registries",
    "proxy",
    "environment",
    "systemd",
    "upgrade",
    "preflight",
    "deletion_protection",
];

/// The specification from the planned attributes: what is not known yet stays unknown in it.
pub(super) fn spec_value(
    planned: &Value,
    distribution: Distribution,
    sums: Option<&BTreeMap<String, String>>,
) -> Value {
    let of = |name: &str| planned.get(name).cloned().unwrap_or(Value::Null);
    let mut spec: BTreeMap<String, Value> = SAME.iter().map(|name| ((*name).to_owned(), of(name))).collect();
    let version = of("version");
    let version = if version.is_null() { Value::UNKNOWN } else { version };
    spec.insert("id".to_owned(), of("name"));
    spec.insert("distribution".to_owned(), Value::from(distribution.name()));
    spec.insert("version".to_owned(), version);
    spec.insert("etcd_snapshots".to_owned(), of("etcd_snapshots"));
    spec.insert("restore".to_owned(), super::restoring::spec_value(of("restore")));
    spec.insert("rotation".to_owned(), super::rotating::spec_value(&of("rotation")));
    spec.insert("config".to_owned(), widened(of("config"), &ClusterConfig::default().to_object()));
    spec.insert("artefacts".to_owned(), pinned(of("artefacts"), sums));
    Value::Object(spec)
}

/// An object with null for what it does not have.
fn widened(value: Value, whole: &Value) -> Value {
    match (value, whole) {
        (Value::Object(mut members), Value::Object(whole)) => {
            for name in whole.keys() {
                members.entry(name.clone()).or_insert(Value::Null);
            }
            Value::Object(members)
        }
        (value, _) => value,
    }
}

fn pinned(artefacts: Value, sums: Option<&BTreeMap<String, String>>) -> Value {
    let artefacts =
        if artefacts.is_null() { crate::spec::Artefacts::default().to_object() } else { artefacts };
    let Value::Object(mut members) = artefacts else { return artefacts };
    let sums = sums.map_or(Value::UNKNOWN, |sums| {
        Value::Map(sums.iter().map(|(name, sum)| (name.clone(), Value::from(sum.as_str()))).collect())
    });
    members.insert("sha256".to_owned(), sums);
    Value::Object(members)
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
