//! The plan: what would be done, and what must not be.

use std::collections::BTreeMap;
use std::sync::Arc;

use hosts::Connection;
use tf_framework::{Diagnostic, Diagnostics, Field, Path, PlanContext, PlannedAction, Result};

use super::model::{Node, NodeResource, Role};
use super::unreached;
use crate::client::budget;
use crate::errors::{Error, failure};
use crate::host::preflight::{findings, refusal};
use crate::host::{Facts, gather};
use crate::install::with_password;
use crate::member::{self, Asked, Pending};
use crate::upgrade::allowed;
use crate::version::Version;

fn at(name: &str) -> Path {
    Path::root().attribute(name)
}

/// Completes the plan, or refuses it.
pub(super) async fn modify<R: NodeResource>(cx: &mut PlanContext<R>) -> Result<()> {
    remember(cx);
    if cx.action() == PlannedAction::Destroy {
        return destroy(cx);
    }
    if cx.replaces() {
        destroy(cx)?;
    }
    // Nothing can be foreseen while an input is known after apply only.
    let Ok(plan) = R::from_object(cx.planned_value().clone()) else {
        if cx.prior().is_some() && !cx.replaces() {
            for name in ["version", "certificate_expiry", "differences", "files"] {
                cx.plan_unknown(&at(name))?;
            }
        }
        return Ok(());
    };
    let node = plan.node();
    let mut refused = refusals(&node);
    refused.extend(passwords(cx, &node));
    refused.into_result(())?;
    cx.plan(&at("id"), &node.made_id())?;
    if cx.replaces() {
        return Ok(());
    }
    let prior = cx.prior().map(NodeResource::node);
    let version = wanted(&node)?;
    if let Some(prior) = &prior {
        skew(prior, &version)?;
    }
    cx.plan(&at("version"), &node.cluster.version)?;
    let Some(client) = cx.try_client() else { return Ok(()) };
    let asked = Asked::new(Arc::clone(&client), node, budget(cx), false)?;
    cx.plan(&at("files"), &asked.files())?;
    let facts = facts(cx, &asked).await?;
    if let Some(facts) = &facts {
        // What others set stays; everything else that was found is put right.
        cx.plan(&at("differences"), &member::foreign(facts))?;
    }
    match (&prior, facts) {
        (None, Some(facts)) => before_create(&asked, &facts).await,
        (Some(prior), Some(facts)) => update(cx, &asked, prior, &facts),
        (Some(_), None) if cx.has_changes() => cx.plan_unknown(&at("certificate_expiry")),
        _ => Ok(()),
    }
}

/// What the destruction of a node must know of the plan: whether it comes back, and how many servers there are to be.
fn remember<R: NodeResource>(cx: &mut PlanContext<R>) {
    cx.private.for_good = cx.action() == PlannedAction::Destroy;
    // Without a prior it is a creation, perhaps that of a replacement: what was remembered for its destruction stays.
    let Some(spec) = cx.prior().map(|prior| prior.node().cluster) else { return };
    let gate = cx.try_client().map(|it| it.gates.of(spec.distribution(), &spec.name, spec.agents_at_once()));
    cx.private.servers = gate.as_ref().and_then(|gate| gate.planned()).map(|servers| servers.len());
    cx.private.restores = gate.and_then(|gate| gate.restores()).or_else(|| restores(cx));
    if !cx.private.for_good && !cx.replaces() {
        // Nothing is remembered of what is not destroyed.
        cx.private = super::Memory::default();
    }
}

/// The number of a restore that is planned for the cluster, where it is a new one.
fn restores<R: NodeResource>(cx: &PlanContext<R>) -> Option<u64> {
    let planned = cx.planned_value().get("cluster")?.get("restore")?.get("epoch")?.as_number()?;
    let planned: u64 = planned.to_string().parse().ok()?;
    let before = cx.prior()?.node().cluster.restore.map_or(0, |restore| restore.epoch);
    Some(planned).filter(|planned| *planned > before)
}

/// The last server is not destroyed by accident.
fn destroy<R: NodeResource>(cx: &PlanContext<R>) -> Result<()> {
    let Some(prior) = cx.prior().map(NodeResource::node) else { return Ok(()) };
    let alone = prior.role == Role::Server && prior.cluster.servers.len() == 1;
    // Where a restore is planned the leave itself sees to it that nothing is left to lose.
    if !alone || !prior.cluster.deletion_protection || cx.private.restores.is_some() {
        return Ok(());
    }
    let why = if cx.action() == PlannedAction::Destroy { "destroyed" } else { "replaced" };
    Err(Diagnostics::error(
        format!("The only server of {:?} would be {why}", prior.cluster.name),
        "The cluster and all its data would be gone with it. Add servers first, so that it can be replaced one by one; or set \
         `deletion_protection` of the cluster to false and apply that, if this is what you want.",
    ))
}

fn wanted(node: &Node) -> Result<Version> {
    node.cluster.version.parse().map_err(|error: crate::version::NoVersion| {
        Diagnostics::error_at(
            at("cluster").attribute("version"),
            "The version is not known",
            format!("{error}."),
        )
    })
}

/// What must not be, whatever the machine is.
fn refusals(node: &Node) -> Diagnostics {
    let mut refused = Diagnostics::new();
    let listed = node.cluster.servers.get(&node.name);
    match (node.role, listed) {
        (Role::Server, None) => {
            let names: Vec<&str> = node.cluster.servers.keys().map(String::as_str).collect();
            let detail = format!(
                "The cluster's `servers` are {}. Add it there, or make it an agent.",
                names.join(", ")
            );
            refused.extend(Diagnostics::error_at(
                at("name"),
                format!("{} is no server of the cluster", node.name),
                detail,
            ));
        }
        (Role::Agent, Some(_)) => {
            let detail = "It is one of the cluster's `servers`. Take it out there, or make it a server.";
            refused.extend(Diagnostics::error_at(
                at("role"),
                format!("{} is a server of the cluster", node.name),
                detail,
            ));
        }
        (Role::Server, Some(server)) if server.host != node.machine.host => {
            let detail = format!(
                "The cluster's `servers` has it at {}, and `machine` at {}.",
                server.host, node.machine.host
            );
            refused.extend(Diagnostics::error_at(
                at("machine").attribute("host"),
                format!("{} is at two places", node.name),
                detail,
            ));
        }
        _ => {}
    }
    let place =
        |connection: &Connection| (connection.host.to_ascii_lowercase(), connection.port.unwrap_or(22));
    if node.role == Role::Agent
        && let Some((server, _)) =
            node.cluster.servers.iter().find(|(_, server)| place(server) == place(&node.machine))
    {
        let detail = format!("The server {server:?} of the cluster is at {} as well.", node.machine.host);
        let path = at("machine").attribute("host");
        refused.extend(Diagnostics::error_at(
            path,
            format!("{} is on the machine of a server", node.name),
            detail,
        ));
    }
    for error in crate::config::refused(node.cluster.distribution(), node.extra_config.as_deref()) {
        refused.extend(Diagnostics::error_at(
            at("extra_config"),
            "A key cannot be set here",
            format!("{error}."),
        ));
    }
    refused
}

/// A registry that is logged in to has a password, where one is written.
fn passwords<R: NodeResource>(cx: &PlanContext<R>, node: &Node) -> Diagnostics {
    let mut refused = Diagnostics::new();
    let given = match R::passwords(cx.config()) {
        Field::Unknown => return refused,
        Field::Known(given) => given,
        Field::Null => {
            let prior = cx.prior().map(NodeResource::node).filter(|_| !cx.replaces());
            // What was written stays, as long as it is to say the same.
            if prior.is_some_and(|prior| prior.cluster.registries == node.cluster.registries) {
                return refused;
            }
            BTreeMap::new()
        }
    };
    let missing: Vec<&str> =
        with_password(&node.cluster).filter(|name| !given.contains_key(*name)).map(String::as_str).collect();
    if !missing.is_empty() {
        let detail = format!(
            "The cluster's `registries.configs` has a `username` for {0}, and there is no password for {0}: `registry_passwords = {{ \"{1}\" = \
             var.password }}`. It is write-only: it stands in neither plan nor state.",
            missing.join(", "),
            missing.first().unwrap_or(&"")
        );
        refused.extend(Diagnostics::error_at(
            at("registry_passwords"),
            "A password of a registry is missing",
            detail,
        ));
    }
    refused
}

fn skew(prior: &Node, version: &Version) -> Result<()> {
    let Some(Ok(from)) = prior.version.known().map(|from| from.parse::<Version>()) else { return Ok(()) };
    allowed(&from, version).map_err(|skew| {
        let path = at("cluster").attribute("version");
        Diagnostics::error_at(path, format!("{} cannot go to {version}", prior.made_id()), format!("{skew}."))
    })
}

/// What is true of the machine: from the refresh before, else asked now. A machine that is yet to be made, or cannot be
/// reached now, is no fault of the plan.
async fn facts<R: NodeResource>(cx: &PlanContext<R>, asked: &Asked) -> Result<Option<Facts>> {
    let client = &asked.run.client;
    if let Some(known) = client.known(&asked.node.key()) {
        return Ok(known);
    }
    if cx.prior().is_some_and(|prior| prior.node().machine != asked.node.machine) {
        tracing::info!(node = asked.name(), "its machine is reached another way from now on");
    }
    match gather(&asked.run).await {
        Ok(facts) => Ok(Some(facts)),
        Err(error) if unreached(&error) => {
            client.note(&asked.node.key(), None);
            tracing::info!(node = asked.name(), %error, "the machine cannot be asked at plan");
            Ok(None)
        }
        Err(error) => Err(failure(format!("Planning {} failed", asked.node.made_id()), &error)),
    }
}

/// What is found on a machine that is there already is told before anything is made.
async fn before_create(asked: &Asked, facts: &Facts) -> Result<()> {
    let mut found = findings(facts, &asked.about());
    let failed = |error: &Error| failure(format!("Planning {} failed", asked.node.made_id()), error);
    found.extend(member::unresolved(asked).await.map_err(|error| failed(&error))?);
    match refusal(asked.spec(), asked.name(), &found) {
        Some(refusal) => Err(refusal.at(at("machine")).diagnostic().into()),
        None => Ok(()),
    }
}

fn update<R: NodeResource>(
    cx: &mut PlanContext<R>,
    asked: &Asked,
    prior: &Node,
    facts: &Facts,
) -> Result<()> {
    let what = || format!("Planning {} failed", asked.node.made_id());
    let found: Vec<_> =
        findings(facts, &asked.about()).into_iter().filter(|it| it.code == "cgroup-v1").collect();
    if let Some(refusal) = refusal(asked.spec(), asked.name(), &found)
        .filter(|_| prior.cluster.version != asked.node.cluster.version)
    {
        return Err(refusal.at(at("cluster").attribute("version")).diagnostic().into());
    }
    let changes = member::pending(asked, facts).map_err(|error| failure(what(), &error))?;
    let is_secret =
        |change: &Pending| matches!(change, Pending::File(path) if path.ends_with("registries.yaml"));
    if changes.iter().any(is_secret)
        && with_password(asked.spec()).next().is_some()
        && matches!(R::passwords(cx.config()), Field::Null)
    {
        return Err(Diagnostics::error_at(
            at("registry_passwords"),
            format!("registries.yaml of {} was changed by others", asked.node.made_id()),
            "It holds passwords, and none are given to write it again: give `registry_passwords`.",
        ));
    }
    let expiry = changes.iter().any(|change| matches!(change, Pending::Expiry(_)));
    let restarts: Vec<String> =
        changes.iter().filter(|change| change.restarts()).map(Pending::line).collect();
    if !changes.is_empty() {
        cx.plan_unknown(&at("certificate_expiry"))?;
    }
    if changes.contains(&Pending::Join) {
        cx.plan_unknown(&at("address"))?;
    }
    if expiry {
        let soon = prior.certificate_expiry.known().cloned().unwrap_or_default();
        cx.warn(Diagnostic::warning(
            format!("Certificates of {} are renewed", asked.node.made_id()),
            format!("One expires at {soon}. The service is restarted with new ones, one node of the cluster at a time."),
        ));
    } else if !restarts.is_empty() {
        cx.warn(Diagnostic::warning(
            format!("{} is restarted", asked.node.made_id()),
            format!(
                "One node of the cluster at a time, behind the checks of the others:\n  - {}",
                restarts.join("\n  - ")
            ),
        ));
    }
    Ok(())
}
