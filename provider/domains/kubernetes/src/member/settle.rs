//! The beginning and the end of an operation: the journal, and what is put right through the API.

use std::collections::{BTreeMap, BTreeSet};

use transport_ssh::Secret;

use super::asked::Asked;
use super::birth::Look;
use super::cluster::{address, survey, token_of, url};
use super::files::{Joins, configure, path};
use crate::api::{Access, Taint};
use crate::config::S3_SECRET;
use crate::errors::Error;
use crate::host::journal::write;
use crate::host::lease::drop_lease;
use crate::host::{Facts, Journal, gather};
use crate::resources::Role;

/// The journal with which an operation begins.
pub(super) fn begin(asked: &Asked, facts: &Facts) -> Journal {
    let before = facts.journal.clone().unwrap_or_default();
    Journal {
        unwell: before.unwell.clone().filter(|_| !before.operation.is_empty()),
        cluster: asked.spec().name.clone(),
        node: asked.name().to_owned(),
        role: role(asked.node.role).to_owned(),
        operation: if before.joined { "change" } else { "create" }.to_owned(),
        ..before
    }
}

pub(super) fn role(role: Role) -> &'static str {
    match role {
        Role::Server => "server",
        Role::Agent => "agent",
    }
}

/// A taint as it is written.
pub(crate) fn taint(text: &str) -> Option<Taint> {
    let (rest, effect) = text.rsplit_once(':')?;
    let (key, value) = rest.split_once('=').unwrap_or((rest, ""));
    Some(Taint { key: key.to_owned(), value: value.to_owned(), effect: effect.to_owned(), time_added: None })
}

/// The node works: labels and taints are put right, the configuration gets its lasting form. Answers what is true of it.
pub(super) async fn put_right(asked: &Asked, journal: &mut Journal, access: &Access) -> Result<Facts, Error> {
    write(&asked.run, journal, "settle").await?;
    let before: Vec<String> = journal.labels.iter().cloned().collect();
    let owned: Vec<Taint> = journal.taints.iter().filter_map(|text| taint(text)).collect();
    let by_api = async {
        let (kube, budget) = (access.kube(), &asked.run.budget);
        kube.set_labels(asked.name(), &asked.node.labels, &before, budget).await?;
        let taints: Vec<Taint> = asked.node.taints.iter().filter_map(|text| taint(text)).collect();
        kube.set_taints(asked.name(), &taints, &owned, budget).await?;
        if asked.is_server() {
            secret(asked, access).await?;
        }
        kube.uncordon(asked.name(), budget).await?;
        Ok(())
    };
    let by_files =
        async { if asked.is_server() { point(asked, journal).await } else { gather(&asked.run).await } };
    tokio::try_join!(by_api, by_files).map(|((), facts)| facts)
}

/// The journal says what was put in force, and that nothing is under way.
pub(super) async fn close(asked: &Asked, mut journal: Journal, facts: Facts) -> Result<Facts, Error> {
    let run = &asked.run;
    journal.joined = true;
    journal.birth = false;
    journal.in_force = asked.fingerprint()?;
    journal.labels = asked.node.labels.keys().cloned().collect();
    journal.taints = asked.node.taints.clone();
    journal.address = facts.address().unwrap_or_default();
    journal.operation = String::new();
    journal.before = String::new();
    journal.snapshot = String::new();
    journal.unwell = None;
    journal.rotated = asked.spec().rotated();
    journal.declared = crate::resources::remembered(&asked.node);
    write(run, &mut journal, "done").await?;
    drop_lease(run).await?;
    Ok(Facts { journal: Some(journal), ..facts })
}

/// No server is the first one from here on: each names another way into the cluster, with the whole token. The files say so
/// for the next start; nothing is restarted for it.
async fn point(asked: &Asked, journal: &mut Journal) -> Result<Facts, Error> {
    let _alone = asked.gate.pointers().await;
    let (looks, (token, agents), own) =
        tokio::try_join!(survey(asked), token_of(asked, &asked.run.machine, false), gather(&asked.run))?;
    let peers: BTreeMap<String, String> = looks
        .iter()
        .filter_map(|(name, look)| match look {
            Look::Seen(facts) if facts.database.etcd => Some((name.clone(), address(facts)?)),
            _ => None,
        })
        .collect();
    let server = asked.spec().registration_address.clone().or_else(|| peers.values().next().cloned());
    let has_agent_token = own.in_force().contains_key("agent-token");
    let joins = Joins {
        server: server.as_deref().map(|address| url(asked, address)),
        token: Some(token.clone()),
        agent_token: agents.filter(|_| has_agent_token),
        birth: server.is_none(),
    };
    configure(asked, journal, &joins).await?;
    // The server that made the cluster named nobody, because there was nobody.
    let (Some(address), machines) = (own.address(), asked.others()?) else { return Ok(own) };
    for (name, look) in &looks {
        let (Look::Seen(facts), Some(machine)) = (look, machines.get(name)) else { continue };
        if facts.database.etcd && !facts.in_force().contains_key("server") {
            repoint(asked, machine, &address, &token).await?;
        }
    }
    Ok(own)
}

/// Tells a machine to join through this address at its next start.
pub(super) async fn repoint(
    asked: &Asked,
    machine: &hosts::Machine,
    address: &str,
    token: &Secret,
) -> Result<(), Error> {
    let address = asked.spec().registration_address.as_deref().unwrap_or(address);
    let (path, url) = (path(asked.distribution()), url(asked, address));
    let text = format!("{:?}", token.expose());
    let length = text.len().to_string();
    let input = transport_ssh::Input::Secret(Secret::new(text));
    asked
        .on(machine)
        .script_with(
            "naming another server to join through",
            include_str!("scripts/repoint.sh"),
            &[&path, &url, &length],
            input,
        )
        .await
        .map(drop)
}

/// The place and the keys of snapshots in S3, as a Secret of the cluster.
async fn secret(asked: &Asked, access: &Access) -> Result<(), Error> {
    let Some(s3) = asked.spec().etcd_snapshots.as_ref().and_then(|it| it.s3.as_ref()) else { return Ok(()) };
    let snapshots = asked.spec().etcd_snapshots.clone().unwrap_or_default();
    let mut entries: BTreeMap<String, Secret> = BTreeMap::new();
    let mut set = |key: &str, value: Option<String>| {
        if let Some(value) = value {
            entries.insert(key.to_owned(), Secret::new(value));
        }
    };
    set("etcd-s3-bucket", Some(s3.bucket.clone()));
    set("etcd-s3-folder", s3.folder.clone());
    let endpoint = s3
        .endpoint
        .as_deref()
        .map(|it| it.trim_start_matches("https://").trim_start_matches("http://").to_owned());
    set("etcd-s3-endpoint", endpoint);
    set("etcd-s3-region", s3.region.clone());
    set("etcd-s3-endpoint-ca", s3.ca_certificate.clone());
    set("etcd-s3-skip-ssl-verify", s3.skip_ssl_verify.map(|it| it.to_string()));
    set("etcd-s3-insecure", s3.insecure.map(|it| it.to_string()));
    set("etcd-s3-retention", s3.retention.or(snapshots.retention).map(|it| it.to_string()));
    if let Some(keys) = asked.run.client.credentials.s3.as_ref() {
        set("etcd-s3-access-key", Some(keys.id.expose().to_owned()));
        set("etcd-s3-secret-key", Some(keys.secret.expose().to_owned()));
        set("etcd-s3-session-token", keys.session_token.as_ref().map(|it| it.expose().to_owned()));
    }
    access
        .kube()
        .apply_secret("kube-system", S3_SECRET, &entries, &BTreeMap::new(), &asked.run.budget)
        .await?;
    Ok(())
}

/// Labels that were given and are not there, or are something else, each as a line.
pub(crate) fn label_differences(
    node: &crate::resources::Node,
    live: &crate::api::Node,
    owned: &BTreeSet<String>,
) -> Vec<String> {
    let mut lines = Vec::new();
    for (key, value) in &node.labels {
        match live.labels.get(key) {
            Some(there) if there == value => {}
            Some(there) => lines.push(format!("label {key} is {there}, not {value}")),
            None => lines.push(format!("label {key} is missing")),
        }
    }
    for key in owned.iter().filter(|key| !node.labels.contains_key(*key) && live.labels.contains_key(*key)) {
        lines.push(format!("label {key} is there still"));
    }
    for text in &node.taints {
        let Some(wanted) = taint(text) else { continue };
        let there = live
            .taints
            .iter()
            .any(|it| it.key == wanted.key && it.effect == wanted.effect && it.value == wanted.value);
        if !there {
            lines.push(format!("taint {text} is missing"));
        }
    }
    lines
}
