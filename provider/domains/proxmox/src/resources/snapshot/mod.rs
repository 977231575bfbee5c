//! `hybridops_proxmox_snapshot`.

mod model;
mod plan;
mod stamp;

use std::time::Duration;

use tf_framework::{Computed, Context, Diagnostic, Diagnostics, ImportId, PlanContext, Resource, Result};
use tf_value::{Number, Value};
use transport_rest::Budget;

use model::SnapshotPartial;

pub use model::Snapshot;

use self::stamp::{SnapshotStamp, description_of};
use crate::api::{ApiError, GuestRef, Kind, Presence, Snapshot as Taken, TakeSnapshot, Vmid};
use crate::client::{Proxmox, budget};
use crate::errors::failure;
use crate::functions::timestamp;
use crate::guest::settle_tasks;
use crate::images::answer_budget;

/// Tasks that change a guest's snapshots.
const TASKS: [&str; 6] =
    ["qmsnapshot", "qmdelsnapshot", "qmrollback", "vzsnapshot", "vzdelsnapshot", "vzrollback"];

/// How often a snapshot is begun whose task gets no lock.
const TRIES: u32 = 6;
/// The pause after the first of them.
const PAUSE: Duration = Duration::from_secs(1);

impl Resource for Snapshot {
    type Client = Proxmox;
    type Private = ();

    fn validate(config: &SnapshotPartial, diagnostics: &mut Diagnostics) {
        plan::validate(config, diagnostics);
    }

    async fn modify_plan(cx: &mut PlanContext<Self>) -> Result<()> {
        plan::modify(cx).await
    }

    async fn create(cx: &mut Context<Self>, plan: Self) -> Result<Self> {
        let px = cx.client()?;
        let budget = budget(cx);
        let what = || format!("Taking snapshot {} of guest {} failed", plan.name, plan.vmid);
        let guest = present(&px, plan.vmid, &budget).await.map_err(|error| failure(what(), &error))?;
        settle_tasks(&px, plan.vmid, &TASKS, &budget).await.map_err(|error| failure(what(), &error))?;
        let stamp = SnapshotStamp::new(&px.owner);
        let found = find(&px, &guest, &plan.name, &budget).await.map_err(|error| failure(what(), &error))?;
        match found {
            Some(taken) if !stamp.is_of(&taken) => return Err(somebody_elses(&plan)),
            // A killed run took it, whole.
            Some(taken) if taken.snapstate.is_none() && taken.vmstate == plan.vmstate => {
                cx.checkpoint(&observe(&plan, &taken))?;
                return described(&px, &guest, &plan, &budget).await.map_err(|error| failure(what(), &error));
            }
            Some(_) => {
                remove(&px, &guest, &plan.name, true, &budget)
                    .await
                    .map_err(|error| failure(what(), &error))?;
            }
            None => {}
        }
        take(cx, &px, &guest, &plan, &stamp).await.map_err(|error| failure(what(), &error))?;
        let taken = find(&px, &guest, &plan.name, &budget).await.map_err(|error| failure(what(), &error))?;
        let Some(taken) = taken else {
            cx.forget();
            let detail = "The task succeeded, and the guest's list does not show the snapshot. Apply again.";
            return Err(Diagnostics::error(what(), detail));
        };
        Ok(observe(&plan, &taken))
    }

    async fn read(cx: &mut Context<Self>, state: Self) -> Result<Option<Self>> {
        let px = cx.client()?;
        let what = || format!("Reading snapshot {} of guest {} failed", state.name, state.vmid);
        let kept = |why: String| {
            let summary = format!("Snapshot {} of guest {} was not read", state.name, state.vmid);
            cx.warn(Diagnostic::warning(summary, format!("{why}. The state is kept as it was.")));
            Ok(Some(state.clone()))
        };
        let guest = match px.api.presence(state.vmid, &budget(cx)).await {
            Ok(Presence::Gone) => return Ok(None),
            Ok(Presence::Present(guest)) => GuestRef::from(&*guest),
            Ok(Presence::Unclear(why)) => return kept(why),
            Err(error) => return Err(failure(what(), &error)),
        };
        match find(&px, &guest, &state.name, &budget(cx)).await {
            Ok(Some(taken)) => Ok(Some(observe(&state, &taken))),
            Ok(None) => Ok(None),
            Err(error) if hides(&error) => kept(error.to_string()),
            Err(error) => Err(failure(what(), &error)),
        }
    }

    async fn update(cx: &mut Context<Self>, _: Self, plan: Self) -> Result<Self> {
        let px = cx.client()?;
        let what = || format!("Changing snapshot {} of guest {} failed", plan.name, plan.vmid);
        let changed = async {
            let guest = present(&px, plan.vmid, &budget(cx)).await?;
            described(&px, &guest, &plan, &budget(cx)).await
        };
        changed.await.map_err(|error| failure(what(), &error))
    }

    async fn delete(cx: &mut Context<Self>, state: Self) -> Result<()> {
        let px = cx.client()?;
        let budget = budget(cx);
        let what = || format!("Deleting snapshot {} of guest {} failed", state.name, state.vmid);
        settle_tasks(&px, state.vmid, &TASKS, &budget).await.map_err(|error| failure(what(), &error))?;
        px.api.invalidate();
        let guest = match px.api.presence(state.vmid, &budget).await {
            Ok(Presence::Gone) => return Ok(()),
            Ok(Presence::Present(guest)) => GuestRef::from(&*guest),
            Ok(Presence::Unclear(why)) => return Err(Diagnostics::error(what(), format!("{why}."))),
            Err(error) => return Err(failure(what(), &error)),
        };
        let found = find(&px, &guest, &state.name, &budget).await.map_err(|error| failure(what(), &error))?;
        let Some(taken) = found else { return Ok(()) };
        let known = state.taken.known().copied().filter(|taken| *taken != 0);
        if let (Some(known), Some(now)) = (known, taken.snaptime)
            && known != now
        {
            cx.warn(Diagnostic::warning(
                format!("Snapshot {} of guest {} was left alone", state.name, state.vmid),
                "It is another one by now: somebody deleted the snapshot and took a new one of the same name.",
            ));
            return Ok(());
        }
        // What a stopped task left half done is deleted only when the storage is not asked again.
        let force = taken.snapstate.is_some();
        remove(&px, &guest, &state.name, force, &budget).await.map_err(|error| failure(what(), &error))
    }

    async fn import(cx: &mut Context<Self>, id: ImportId) -> Result<Self> {
        let px = cx.client()?;
        let (vmid, name) = import_place(&id)?;
        let what = || format!("Importing snapshot {name} of guest {vmid} failed");
        let found = async {
            let guest = present(&px, vmid, &budget(cx)).await?;
            find(&px, &guest, &name, &budget(cx)).await
        };
        let taken = found.await.map_err(|error| failure(what(), &error))?;
        let taken = taken.ok_or_else(|| {
            Diagnostics::error(what(), format!("Guest {vmid} has no snapshot of this name."))
        })?;
        let bare = Self {
            id: Computed::Unknown,
            vmid,
            name: name.clone(),
            description: None,
            vmstate: taken.vmstate,
            parent: Computed::Unknown,
            taken: Computed::Unknown,
            taken_at: Computed::Unknown,
            timeouts: None,
        };
        Ok(observe(&bare, &taken))
    }
}

/// Failures after which nothing is known of the snapshot.
fn hides(error: &ApiError) -> bool {
    matches!(error.kind(), Some(Kind::NodeUnreachable | Kind::NodeTimeout | Kind::Forbidden | Kind::Missing))
}

/// A guest that must be there.
async fn present(px: &Proxmox, vmid: Vmid, budget: &Budget) -> Result<GuestRef, ApiError> {
    match px.api.presence(vmid, budget).await? {
        Presence::Present(guest) => Ok(GuestRef::from(&*guest)),
        Presence::Gone => Err(ApiError::Argument(format!("there is no guest {vmid} in the cluster"))),
        Presence::Unclear(why) => Err(ApiError::Argument(why)),
    }
}

async fn find(
    px: &Proxmox,
    guest: &GuestRef,
    name: &str,
    budget: &Budget,
) -> Result<Option<Taken>, ApiError> {
    let listed = px.api.snapshots(guest, budget).await?;
    Ok(listed.into_iter().find(|snapshot| snapshot.name == name))
}

/// Takes the snapshot; once more where its task got no lock, which shows only at its end.
async fn take(
    cx: &mut Context<Snapshot>,
    px: &Proxmox,
    guest: &GuestRef,
    plan: &Snapshot,
    stamp: &SnapshotStamp,
) -> Result<(), ApiError> {
    let budget = budget(cx);
    let _permits = px.api.begin_work([format!("guest:{}", guest.vmid)], &budget).await?;
    let mut tried = 0;
    loop {
        tried += 1;
        let error = match take_once(cx, px, guest, plan, stamp).await {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        let gone = matches!(error, ApiError::Task(_))
            && find(px, guest, &plan.name, &budget).await.is_ok_and(|found| found.is_none());
        if gone {
            cx.forget();
        }
        if !gone || tried == TRIES || !error.kind().is_some_and(Kind::is_transient) {
            return Err(error);
        }
        budget.sleep(PAUSE * tried, || format!("another try of snapshot {}", plan.name)).await?;
    }
}

async fn take_once(
    cx: &mut Context<Snapshot>,
    px: &Proxmox,
    guest: &GuestRef,
    plan: &Snapshot,
    stamp: &SnapshotStamp,
) -> Result<(), ApiError> {
    let wanted = TakeSnapshot {
        name: plan.name.clone(),
        description: Some(stamp.description(plan.description.as_deref())),
        vmstate: plan.vmstate,
    };
    // The answer names the task: it is waited for even when the operation is cancelled meanwhile.
    let upid = px.api.take_snapshot(guest, &wanted, &answer_budget()).await?;
    px.note_started(&upid);
    // From here on it may exist: whatever happens, Terraform keeps track of it.
    let begun = Taken { name: plan.name.clone(), vmstate: plan.vmstate, ..Taken::default() };
    let begun = Snapshot { description: plan.description.clone(), ..observe(plan, &begun) };
    cx.checkpoint(&begun).map_err(|errors| ApiError::Argument(errors.to_string()))?;
    for warning in px.api.wait(&upid, &budget(cx)).await?.warnings {
        cx.warn(Diagnostic::warning(format!("Snapshot {} was taken with a warning", plan.name), warning));
    }
    Ok(())
}

/// Describes the snapshot anew where that is needed, and reads it back.
async fn described(
    px: &Proxmox,
    guest: &GuestRef,
    plan: &Snapshot,
    budget: &Budget,
) -> Result<Snapshot, ApiError> {
    let gone = || ApiError::Argument(format!("guest {} has no snapshot {} any more", plan.vmid, plan.name));
    let taken = find(px, guest, &plan.name, budget).await?.ok_or_else(gone)?;
    if description_of(&taken) == plan.description {
        return Ok(observe(plan, &taken));
    }
    let text = match SnapshotStamp::of(&taken) {
        Some(stamp) => stamp.description(plan.description.as_deref()),
        None => plan.description.clone().unwrap_or_default(),
    };
    px.api.describe_snapshot(guest, &plan.name, &text, budget).await?;
    let taken = find(px, guest, &plan.name, budget).await?.ok_or_else(gone)?;
    Ok(observe(plan, &taken))
}

/// Deletes a snapshot and proves that it is gone.
async fn remove(
    px: &Proxmox,
    guest: &GuestRef,
    name: &str,
    force: bool,
    budget: &Budget,
) -> Result<(), ApiError> {
    let _permits = px.api.begin_work([format!("guest:{}", guest.vmid)], budget).await?;
    let deleted = px.api.run(budget, || px.api.delete_snapshot(guest, name, force, budget)).await;
    match deleted {
        Ok(_) => {}
        Err(error) if error.is_missing() => {}
        Err(error) => return Err(error),
    }
    match find(px, guest, name, budget).await? {
        None => Ok(()),
        Some(_) => Err(ApiError::Argument(format!("snapshot {name} is still there after its removal"))),
    }
}

/// The snapshot as it is; what the server does not tell stays as it was.
fn observe(known: &Snapshot, taken: &Taken) -> Snapshot {
    let seconds = taken.snaptime.unwrap_or_default();
    Snapshot {
        id: format!("{}/{}", known.vmid, known.name).into(),
        vmid: known.vmid,
        name: known.name.clone(),
        description: description_of(taken),
        vmstate: taken.vmstate,
        parent: Computed::Known(taken.parent.clone()),
        taken: seconds.into(),
        taken_at: timestamp(seconds).unwrap_or_default().into(),
        timeouts: known.timeouts.clone(),
    }
}

fn somebody_elses(plan: &Snapshot) -> Diagnostics {
    let at = tf_value::Path::root().attribute("name");
    Diagnostics::error_at(
        at,
        format!("Guest {} has a snapshot {} already", plan.vmid, plan.name),
        format!(
            "It was not taken by this configuration, and is left alone. Import it with `id = \"{}/{}\"`, or choose another \
             name.",
            plan.vmid, plan.name
        ),
    )
}

/// `101/before-upgrade`, or the identity.
fn import_place(id: &ImportId) -> Result<(Vmid, String)> {
    let given = match id {
        ImportId::Id(text) => text.split_once('/').and_then(|(vmid, name)| {
            let vmid = vmid.parse().ok()?;
            (!name.is_empty() && !name.contains('/')).then(|| (vmid, name.to_owned()))
        }),
        ImportId::Identity(identity) => {
            let vmid = identity.get("vmid").and_then(Value::as_number).and_then(Number::as_u64);
            let name = identity.get("name").and_then(Value::as_str);
            vmid.zip(name).and_then(|(vmid, name)| Some((Vmid::try_from(vmid).ok()?, name.to_owned())))
        }
    };
    given.ok_or_else(|| {
        Diagnostics::error(
            "The import id names no snapshot",
            "Import a snapshot by VMID and name: `id = \"101/before-upgrade\"`, or by `identity = { vmid = 101, name = \
             \"before-upgrade\" }`.",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn import_ids() {
        let read = |text: &str| import_place(&ImportId::Id(text.to_owned())).ok();
        assert_eq!(read("101/before"), Some((101, "before".to_owned())));
        for wrong in ["", "101", "101/", "/x", "pve/x", "pve1/101/x"] {
            assert_eq!(read(wrong), None, "{wrong:?}");
        }
    }
}
