//! What the resources of instances have in common, whatever the instance stands on: the same attributes at their root, and
//! what is planned, seen and settled of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hosts::Machine;
use serde_json::{Value as Json, json};
use tf_framework::{Computed, Diagnostics, Model as _, Path, PlanContext, Resource, Result};
use tf_value::json::{UnknownAttributes, decode};

use crate::client::{Postgresql as Client, budget};
use crate::errors::failure;
use crate::instance::facts::Facts;
use crate::instance::model::{Postgresql, Status};
use crate::instance::{Before, Converged, Spec, archive_differences, foresee, observe, settle};
use crate::restore::Restore;
use crate::walg::{Backup, foresee_expired, no_proof};

/// A resource of an instance.
pub(super) trait Face: Resource<Client = Client> + Clone {
    /// What names the instance among those of this run.
    fn key(&self) -> String;
    /// What is asked for; `before` is the state, where there is one.
    fn spec(&self, before: Option<&Self>) -> Spec;
    /// PostgreSQL itself.
    fn postgresql(&mut self) -> &mut Postgresql;
    /// The archive.
    fn backup(&mut self) -> &mut Option<Backup>;
    /// What it is restored from.
    fn restore(&mut self) -> &mut Option<Restore>;
    /// What is computed: settings in force, and what was found.
    fn computed(&mut self) -> (&mut Computed<BTreeMap<String, String>>, &mut Computed<Status>);
}

fn at(name: &str) -> Path {
    Path::root().attribute(name)
}

/// The instance as the machine has it.
pub(super) fn observed<F: Face>(state: &F, facts: &Facts, spec: &Spec) -> F {
    let mut seen = state.clone();
    let before = seen.postgresql().clone();
    *seen.postgresql() = observe::postgresql(facts, &before);
    observe::complete(seen.postgresql());
    let (effective, status) = seen.computed();
    *status = Computed::Known(observe::status(facts, spec));
    *effective = Computed::Known(observe::effective(facts, spec));
    if let Some(backup) = seen.backup() {
        backup.expired_backups = Computed::Known(BTreeSet::new());
    }
    if let (Some(backup), Some(differences)) = (seen.backup(), archive_differences(spec, facts)) {
        backup.differences = Computed::Known(differences);
    }
    seen
}

/// The plan, with what was left open filled in from what was made.
///
/// # Errors
/// Never, for two of one model.
pub(super) fn settled<F: Face>(plan: &F, converged: &Converged, spec: &Spec) -> Result<F> {
    let mut seen = observed(plan, &converged.facts, spec);
    if let Some(backup) = seen.backup() {
        let fingerprint = converged.prepared.as_ref().and_then(|prepared| prepared.fingerprint.clone());
        backup.fingerprint = Computed::Known(fingerprint);
        backup.proof = Computed::Known(converged.proof.clone().unwrap_or_else(no_proof));
    }
    if let Some(restore) = seen.restore() {
        restore.result = Computed::Known(converged.restored.clone());
    }
    F::from_object(settle(plan.to_object(), &seen.to_object())).map_err(Diagnostics::from)
}

/// Plans what is computed of the archive: another configuration is proved again.
///
/// # Errors
/// Never: the attributes are there.
pub(super) fn plan_backup<F: Face>(cx: &mut PlanContext<F>, plan: &F) -> Result<()> {
    let Some(prior) = cx.prior().cloned() else { return Ok(()) };
    let (Some(now), Some(was)) = (plan.clone().backup().clone(), prior.clone().backup().clone()) else {
        return Ok(());
    };
    let differ = was.differences.known().is_some_and(|differences| !differences.is_empty());
    let bare = |backup: &Backup| Backup {
        proof: Default::default(),
        expired_backups: Default::default(),
        differences: Default::default(),
        fingerprint: Default::default(),
        ..backup.clone()
    };
    let changed = bare(&now).to_object() != bare(&was).to_object();
    if differ {
        cx.plan(&at("backup").attribute("differences"), &BTreeSet::<String>::new())?;
    }
    if differ || changed {
        cx.plan_unknown(&at("backup").attribute("proof"))?;
        cx.plan_unknown(&at("backup").attribute("fingerprint"))?;
    }
    Ok(())
}

/// Plans what is deleted from the archive. `machine` is where the directory of a file storage is.
///
/// # Errors
/// Never: the attribute is there.
pub(super) async fn plan_expired<F: Face>(
    cx: &mut PlanContext<F>,
    plan: &F,
    machine: Option<Machine>,
) -> Result<()> {
    let (Some(backup), Some(client)) = (plan.clone().backup().clone(), cx.try_client()) else {
        return Ok(());
    };
    let budget = budget(cx);
    match foresee_expired(&client, &backup, machine, &budget).await {
        Ok(expired) => {
            if let Some(held) = expired.held {
                cx.warn(held);
            }
            cx.plan(&at("backup").attribute("expired_backups"), &expired.backups)
        }
        Err(warning) => {
            cx.warn(warning);
            Ok(())
        }
    }
}

/// Whether the target of a restore can be reached, asked of the store before anything is made. An archive in a directory
/// of the machine cannot be asked before the `machine` is there.
///
/// # Errors
/// It cannot be reached.
pub(super) async fn plan_restore<F: Face>(
    cx: &PlanContext<F>,
    plan: &F,
    name: &str,
    machine: Option<Machine>,
) -> Result<()> {
    let mut plan = plan.clone();
    let (Some(restore), Some(client)) = (plan.restore().clone(), cx.try_client()) else { return Ok(()) };
    if let Some(mut prior) = cx.prior().cloned() {
        if prior.restore().as_ref().map(|prior| &prior.target) != Some(&restore.target) {
            cx.warn(crate::restore::unused());
        }
        return Ok(());
    }
    if restore.source.storage.file.is_some() && machine.is_none() {
        return Ok(());
    }
    let machine = machine.filter(|_| restore.source.storage.file.is_some());
    let foreseen =
        crate::restore::foresee(&client, &restore, machine, plan.postgresql().version, &budget(cx)).await;
    foreseen.map_err(|error| failure(format!("Planning PostgreSQL {name:?} failed"), error))
}

/// Plans the instance from what is known of the machine.
///
/// # Errors
/// What must not be done; nothing was changed.
pub(super) fn plan_instance<F: Face>(
    cx: &mut PlanContext<F>,
    spec: &Spec,
    facts: Option<&Arc<Facts>>,
) -> Result<()> {
    let prior = cx.prior().cloned();
    let parts = prior.clone().map(|mut prior| {
        let postgresql = prior.postgresql().clone();
        (postgresql, prior.computed().0.known().cloned())
    });
    let before =
        parts.as_ref().map(|(postgresql, effective)| Before { postgresql, effective: effective.as_ref() });
    let changed = cx.has_changes();
    let foreseen = foresee(spec, facts.map(Arc::as_ref), before, changed)?;
    for warning in foreseen.warnings {
        cx.warn(warning);
    }
    for path in foreseen.unknown {
        cx.plan_unknown(&path)?;
    }
    match foreseen.effective {
        // What it has to have may follow from where its data come from, once they are here.
        Some(effective) if prior.is_some() || spec.makes_its_own_data() => {
            cx.plan(&at("effective_settings"), &effective)
        }
        _ if changed => cx.plan_unknown(&at("effective_settings")),
        _ => Ok(()),
    }
}

/// What an import tells of the archive: nothing was proved yet.
pub(super) fn archived<F: Face>(seen: &mut F, facts: &Facts) {
    let Some(backup) = seen.backup() else { return };
    let known = crate::walg::seen(&facts.sections);
    let fingerprint = known.instance.get("HYBRIDOPS_KEY").filter(|key| !key.is_empty()).cloned();
    backup.fingerprint = fingerprint.into();
    backup.proof = no_proof().into();
    if backup.differences.known().is_none() {
        backup.differences = BTreeSet::new().into();
    }
}

/// PostgreSQL as nobody declared it yet.
pub(super) fn blank_postgresql(version: u32, cluster: &str) -> Json {
    json!({
        "version": version,
        "cluster": cluster,
        "port": 5432,
        "listen_addresses": ["localhost"],
        "repository": "distribution",
        "repository_url": "https://apt.postgresql.org/pub/repos/apt",
        "settings": {},
        "roles": {},
        "databases": {},
        "restart": "when_needed",
        "accept_collation_change": false,
    })
}

/// A resource of what is seen, and over it what is remembered.
///
/// # Errors
/// It does not fit the model.
pub(super) fn decoded<F: Face>(mut seen: Json, remembered: &Json) -> Result<F, String> {
    merge(&mut seen, remembered);
    let ty = F::block().value_type();
    let value = decode(seen.to_string().as_bytes(), &ty, UnknownAttributes::Ignore)
        .map_err(|error| error.to_string())?;
    F::from_object(value).map_err(|error| error.to_string())
}

/// What is remembered wins, member by member.
fn merge(object: &mut Json, with: &Json) {
    match (object, with) {
        (Json::Object(members), Json::Object(with)) => {
            for (name, value) in with {
                merge(members.entry(name.clone()).or_insert(Json::Null), value);
            }
        }
        (_, Json::Null) => {}
        (object, with) => *object = with.clone(),
    }
}
