//! Jobs beside their objects: schedules, what a backup holds.

use serde_json::{Value, json};

use super::super::Route;
use crate::pve::call::Call;
use crate::pve::config::families::remember_replicated;
use crate::pve::config::store::Section;
use crate::pve::reply::{Answer, Outcome, Refusal};
use crate::pve::schema::split_list;

pub(super) const ROUTES: &[Route] = &[
    ("GET", "/cluster/jobs", index),
    ("GET", "/cluster/jobs/schedule-analyze", analyze),
    ("GET", "/cluster/backup/{id}/included_volumes", included),
    ("GET", "/cluster/backup-info", backup_index),
    ("GET", "/cluster/backup-info/not-backed-up", not_backed_up),
    ("DELETE", "/cluster/replication/{id}", remove_replication),
];

fn index(_: &Call) -> Outcome {
    Ok(json!([{ "subdir": "schedule-analyze" }, { "subdir": "realm-sync" }]).into())
}

fn backup_index(_: &Call) -> Outcome {
    Ok(json!([{ "subdir": "not-backed-up" }]).into())
}

/// Seconds between two events of a schedule, as near as a stand-in has to know.
fn period(schedule: &str) -> u64 {
    let minutes = schedule.strip_prefix("*/").and_then(|n| n.parse::<u64>().ok());
    match (schedule, minutes) {
        (_, Some(minutes)) => minutes.max(1) * 60,
        ("minutely", _) => 60,
        ("hourly", _) => 3600,
        ("weekly", _) => 7 * 86_400,
        ("monthly", _) => 30 * 86_400,
        ("yearly" | "annually", _) => 365 * 86_400,
        _ => 86_400,
    }
}

/// The next events of a schedule.
fn analyze(call: &Call) -> Outcome {
    let schedule = call.params.need("schedule")?;
    let count = call.params.number("iterations").unwrap_or(10);
    let start = call.params.number("starttime").unwrap_or_else(|| call.cluster.now());
    let period = period(schedule);
    let first = start / period * period + period;
    let events: Vec<Value> = (0..count)
        .map(|n| first + n * period)
        .map(|time| json!({ "timestamp": time, "utc": utc(time) }))
        .collect();
    Ok(Value::from(events).into())
}

/// A time as the API writes it here: `Sat Nov 21 06:22:55 2026`.
fn utc(seconds: u64) -> String {
    let time = i64::try_from(seconds).ok().and_then(|s| time::OffsetDateTime::from_unix_timestamp(s).ok());
    let format = time::macros::format_description!(
        "[weekday repr:short] [month repr:short] [day padding:space] [hour]:[minute]:[second] [year]"
    );
    time.and_then(|t| t.format(&format).ok()).unwrap_or_default()
}

/// Whether a job backs a guest up.
fn covers(job: &Section, vmid: u32, pool: Option<&str>) -> bool {
    let lists = |key: &str| job.str(key).is_some_and(|l| split_list(l).any(|v| v == vmid.to_string()));
    if job.flag("all") {
        return !lists("exclude");
    }
    lists("vmid") || (pool.is_some() && job.str("pool") == pool && !lists("exclude"))
}

fn pool_of(state: &crate::pve::cluster::State, vmid: u32) -> Option<&str> {
    state.pools.iter().find(|(_, pool)| pool.guests.contains(&vmid)).map(|(name, _)| name.as_str())
}

fn included(call: &Call) -> Outcome {
    let id = call.params.need("id")?;
    let state = call.cluster.state();
    let Some(job) = state.config.section("jobs.cfg/vzdump", id) else {
        return Err(Refusal::param("id", format!("No such job '{id}'")));
    };
    let children: Vec<Value> = state
        .guests
        .iter()
        .filter(|(vmid, _)| covers(job, **vmid, pool_of(&state, **vmid)))
        .filter(|(vmid, _)| state.may(&call.principal, &format!("/vms/{vmid}"), "VM.Audit"))
        .map(|(vmid, guest)| {
            json!({ "id": vmid, "type": "qemu", "name": guest.config.get("name"), "leaf": 1, "children": [] })
        })
        .collect();
    Ok(json!({ "children": children }).into())
}

fn not_backed_up(call: &Call) -> Outcome {
    let state = call.cluster.state();
    let jobs = state.config.file("jobs.cfg/vzdump");
    let found: Vec<Value> = state
        .guests
        .iter()
        .filter(|(vmid, _)| !jobs.values().any(|job| covers(job, **vmid, pool_of(&state, **vmid))))
        .filter(|(vmid, _)| state.may(&call.principal, &format!("/vms/{vmid}"), "VM.Audit"))
        .map(|(vmid, guest)| json!({ "vmid": vmid, "type": "qemu", "name": guest.config.get("name") }))
        .collect();
    Ok(Value::from(found).into())
}

/// Marks a job for removal, which the service then does; `force` removes it at once.
fn remove_replication(call: &Call) -> Outcome {
    const FILE: &str = "replication.cfg";
    let id = call.params.need("id")?.to_owned();
    if call.params.flag("force") && call.params.flag("keep") {
        return Err(Refusal::param("keep", "conflicts with parameter 'force'"));
    }
    let mut state = call.cluster.state();
    let jobs = state.config.file_mut(FILE);
    if call.params.flag("force") {
        jobs.remove(&id);
        remember_replicated(&mut state);
        return Ok(Answer::null());
    }
    let Some(job) = jobs.get_mut(&id) else {
        return Err(Refusal::died(format!("no such job '{id}'")));
    };
    job.set("remove_job", if call.params.flag("keep") { "local" } else { "full" });
    drop(state);
    let cluster = std::sync::Arc::clone(&call.cluster);
    let later = call.cluster.config.task_duration;
    call.cluster.runtime.spawn(async move {
        tokio::time::sleep(later).await;
        let mut state = cluster.state();
        let jobs = state.config.file_mut(FILE);
        if jobs.get(&id).is_some_and(|job| job.str("remove_job").is_some()) {
            jobs.remove(&id);
            remember_replicated(&mut state);
        }
    });
    Ok(Answer::null())
}
