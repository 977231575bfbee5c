//! Backup, replication and realm-sync jobs.

use serde_json::{Map, Value, json};

use super::super::engine::maker;
use super::super::family::{Change, Family, Hooks, Shown, Text, Texts, as_text};
use super::super::options::Options;
use super::super::store::Section;
use super::super::view;
use crate::pve::call::{Call, Param};
use crate::pve::cluster::State;
use crate::pve::guest::random_uuid;
use crate::pve::reply::{Outcome, Refusal};
use crate::pve::schema::split_list;

pub(super) const FAMILIES: &[Family] = &[BACKUP, REPLICATION, REALM_SYNC];

const BACKUP: Family = Family {
    collection: "/cluster/backup",
    item: "/cluster/backup/{id}",
    create: "/cluster/backup",
    shows_digest: [false, false],
    strict_delete: false,
    texts: Texts {
        taken: Text::Died("Job '{id}' already exists"),
        missing: [
            Text::Param("id", "No such job '{id}'"),
            Text::Died("no such vzdump job"),
            Text::Died("400 Parameter verification failed.\nid: No such job '{id}'"),
        ],
        before: [""; 3],
    },
    hooks: &Backup,
    ..Family::of(
        "backup_job",
        "jobs.cfg/vzdump",
        &[(
            "vzdump",
            Options::new(
                "all bwlimit comment compress dow dumpdir enabled exclude exclude-path fleecing ionice lockwait \
                 mailnotification mailto maxfiles mode node notes-template notification-mode notification-policy \
                 notification-target pbs-change-detection-mode performance pigz pool protected prune-backups quiet \
                 remove repeat-missed schedule script starttime stdexcludes stop stopwait storage tmpdir vmid zstd",
            ),
        )],
    )
};

/// Options of a backup that only root may set.
const ROOT_ONLY: &[&str] = &["tmpdir", "dumpdir", "script"];

#[derive(Debug)]
struct Backup;

impl Backup {
    /// A schedule in one form or the other, not both.
    fn schedule(change: &mut Change<'_>) -> Outcome<()> {
        let given = change.given;
        if given.contains_key("starttime") && given.contains_key("schedule") {
            return Err(Refusal::param("starttime", "'starttime' and 'schedule' cannot both be set"));
        }
        if let Some(time) = change.after.str("starttime").map(str::to_owned) {
            let days = change.after.str("dow").map(|days| format!("{days} ")).unwrap_or_default();
            change.after.set("schedule", format!("{days}{time}"));
        } else if change.before.is_none() && !given.contains_key("schedule") {
            return Err(Refusal::param("schedule", "neither 'starttime' nor 'schedule' were set"));
        }
        change.after.fields.remove("starttime");
        change.after.fields.remove("dow");
        Ok(())
    }

    /// Guests by number, by pool, or all: one of them.
    fn selection(change: &mut Change<'_>) -> Outcome<()> {
        let given = |key: &str| change.given.contains_key(key);
        let by_vmid = given("vmid");
        let all = given("all") && change.call.params.flag("all");
        let conflict = |key: &str| Refusal::param(key, "option conflicts with option 'vmid'");
        for (key, set) in [("all", all), ("exclude", given("exclude")), ("pool", given("pool"))] {
            if by_vmid && set {
                return Err(conflict(key));
            }
        }
        let after = &mut change.after;
        let mut drop = |keys: &[&str]| after.fields.retain(|key, _| !keys.contains(&key.as_str()));
        if by_vmid {
            drop(&["all", "exclude", "pool"]);
        } else if all {
            drop(&["vmid", "pool"]);
        } else if after.fields.contains_key("pool") {
            after.fields.retain(|key, _| !matches!(key.as_str(), "vmid" | "all" | "exclude"));
        }
        if after.fields.contains_key("exclude") && !after.fields.contains_key("pool") {
            after.set("all", "1");
        }
        if !after.flag("all") && !["vmid", "pool"].iter().any(|k| after.fields.contains_key(*k)) {
            return Err(Refusal::param("vmid", "property is missing"));
        }
        Ok(())
    }
}

impl Hooks for Backup {
    fn id(&self, _family: &Family, call: &Call, _state: &State) -> Outcome<String> {
        Ok(call.params.str("id").map_or_else(random_uuid, str::to_owned))
    }

    fn admit(&self, change: &mut Change<'_>) -> Outcome<()> {
        let root_only = ROOT_ONLY.iter().find(|k| change.given.contains_key(**k));
        if let Some(key) = root_only.filter(|_| change.call.principal.user != "root@pam") {
            return Err(Refusal::param(key, "Only root may set this option."));
        }
        let unknown = change.call.params.list("delete");
        let options = BACKUP.options("vzdump")?;
        if let Some(unknown) = unknown.iter().find(|k| options.get(k).is_none()) {
            return as_text(Err(Refusal::param("delete", format!("unknown option '{unknown}'"))));
        }
        if change.before.is_some() && change.given.is_empty() && unknown.is_empty() {
            return Err(Refusal::died("no options specified"));
        }
        if let Some(pool) = change.after.str("pool").filter(|p| !change.state.pools.contains_key(*p)) {
            return Err(Refusal::died(format!("pool '{pool}' does not exist")));
        }
        Self::schedule(change)?;
        as_text(Self::selection(change))?;
        if change.before.is_none() && !change.given.contains_key("enabled") {
            change.after.set("enabled", "1");
        }
        Ok(())
    }

    fn show(&self, shown: &Shown<'_>, view: &mut Map<String, Value>) {
        let method = maker(shown.call.cluster.config.release, &BACKUP);
        for key in ["prune-backups", "performance", "fleecing"] {
            if let (Some(spec), Some(text)) = (method.and_then(|m| m.param(key)), shown.section.str(key)) {
                view.insert(key.into(), view::object(spec, text));
            }
        }
        if shown.listed {
            let next = shown.call.cluster.now() / 3600 * 3600 + 3600;
            view.insert("next-run".into(), json!(next));
        }
    }
}

const REPLICATION: Family = Family {
    collection: "/cluster/replication",
    item: "/cluster/replication/{id}",
    create: "/cluster/replication",
    shows_digest: [false, true],
    texts: Texts {
        taken: Text::Died("replication job '{id}' already exists"),
        missing: [
            Text::Died("no such replication job '{id}'"),
            Text::Died("no such job '{id}'"),
            Text::Died("no such job '{id}'"),
        ],
        before: [""; 3],
    },
    hooks: &Replication,
    ..Family::of(
        "replication_job",
        "replication.cfg",
        &[("local", Options::new("target*! disable comment rate schedule remove_job source"))],
    )
};

#[derive(Debug)]
struct Replication;

/// Guests with a replication job are not destroyed as long as they have one.
pub(crate) fn remember_replicated(state: &mut State) {
    state.replicated = state.config.file(REPLICATION.file).keys().map(|id| guest_of(id)).collect();
}

fn guest_of(id: &str) -> u32 {
    id.split('-').next().and_then(|vmid| vmid.parse().ok()).unwrap_or_default()
}

impl State {
    /// Takes a guest out of the jobs that name it.
    pub(crate) fn purge_jobs(&mut self, vmid: u32) {
        let number = vmid.to_string();
        self.config.file_mut(REPLICATION.file).retain(|id, _| guest_of(id) != vmid);
        // A backup of nothing but this guest goes with it.
        self.config.file_mut(BACKUP.file).retain(|_, job| {
            for key in ["vmid", "exclude"] {
                let Some(list) = job.str(key) else { continue };
                let left: Vec<&str> = split_list(list).filter(|v| *v != number).collect();
                let left = left.join(",");
                if key == "vmid" && left.is_empty() {
                    return false;
                }
                match left.is_empty() {
                    true => job.fields.remove(key),
                    false => job.fields.insert(key.to_owned(), Param::One(left)),
                };
            }
            true
        });
        remember_replicated(self);
    }
}

impl Hooks for Replication {
    fn admit(&self, change: &mut Change<'_>) -> Outcome<()> {
        if change.before.is_some() {
            return Ok(());
        }
        let guest = guest_of(change.id);
        let died = |text: String| Err(Refusal::died(text));
        let Some(node) = change.state.guests.get(&guest).map(|g| g.node.clone()) else {
            return died(format!("Guest '{guest}' does not exist."));
        };
        let target = change.after.str("target").unwrap_or_default();
        if !change.state.nodes.contains_key(target) {
            return died(format!("Target '{target}' does not exist."));
        }
        if target == node {
            return died("Source and target must not be identical".to_owned());
        }
        match change.after.str("source") {
            Some(source) if source != node => {
                died(format!("Source '{source}' does not match current node of guest '{guest}' ({node})"))
            }
            _ => {
                change.after.set("source", node);
                Ok(())
            }
        }
    }

    fn saved(&self, state: &mut State, _id: &str, _section: &Section) {
        remember_replicated(state);
    }

    fn show(&self, shown: &Shown<'_>, view: &mut Map<String, Value>) {
        let number = shown.id.split('-').nth(1).and_then(|n| n.parse::<u32>().ok()).unwrap_or_default();
        view.insert("guest".into(), json!(guest_of(shown.id)));
        view.insert("jobnum".into(), json!(number));
    }
}

const REALM_SYNC: Family = Family {
    collection: "/cluster/jobs/realm-sync",
    item: "/cluster/jobs/realm-sync/{id}",
    create: "/cluster/jobs/realm-sync/{id}",
    shows_id: ["id", ""],
    shows_digest: [false, false],
    texts: Texts {
        taken: Text::Died("Job '{id}' already exists"),
        missing: [
            Text::Param("id", "No such job '{id}'"),
            Text::Died("no such realm-sync job"),
            Text::Died("400 Parameter verification failed.\nid: No such job '{id}'"),
        ],
        before: [""; 3],
    },
    hooks: &RealmSync,
    ..Family::of(
        "realm_sync_job",
        "jobs.cfg/realm-sync",
        &[("realm-sync", Options::new("enabled schedule* comment scope realm*! enable-new remove-vanished"))],
    )
};

#[derive(Debug)]
struct RealmSync;

impl Hooks for RealmSync {
    fn admit(&self, change: &mut Change<'_>) -> Outcome<()> {
        if change.before.is_some() {
            return Ok(());
        }
        let realm = change.after.str("realm").unwrap_or_default();
        match change.state.config.section("domains.cfg", realm) {
            None => as_text(Err(Refusal::param("realm", format!("No such realm '{realm}'")))),
            Some(section) if !matches!(section.kind.as_str(), "ldap" | "ad") => {
                as_text(Err(Refusal::param("realm", "Only LDAP/AD realms can be synced.")))
            }
            Some(_) => Ok(()),
        }
    }

    fn show(&self, shown: &Shown<'_>, view: &mut Map<String, Value>) {
        if shown.listed {
            let next = shown.call.cluster.now() / 3600 * 3600 + 3600;
            view.insert("next-run".into(), json!(next));
        }
    }
}
