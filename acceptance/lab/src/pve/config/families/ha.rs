//! Groups (8.x) and rules (9.x) of high availability.

use serde_json::{Map, Value, json};

use super::super::family::{Change, Family, Hooks, Shown, Text, Texts, Verb};
use super::super::options::Options;
use crate::pve::call::Call;
use crate::pve::cluster::State;
use crate::pve::ha::Resource;
use crate::pve::personality::Release;
use crate::pve::reply::{Outcome, Refusal};
use crate::pve::schema::split_list;

pub(super) const FAMILIES: &[Family] = &[GROUP, RULE];

const GROUP: Family = Family {
    collection: "/cluster/ha/groups",
    item: "/cluster/ha/groups/{group}",
    create: "/cluster/ha/groups",
    id: "group",
    shows_id: ["group", "group"],
    texts: Texts {
        taken: Text::Died("ha group ID '{id}' already defined"),
        missing: [Text::Died("no such ha group '{id}'"), Text::Died("no such ha group '{id}'"), Text::Silent],
        before: ["create ha group failed", "update ha group failed", "delete ha group failed"],
    },
    hooks: &Group,
    ..Family::of(
        "ha_group",
        "ha/groups.cfg",
        &[("group", Options::new("nodes* comment nofailback restricted"))],
    )
};

/// A list of nodes as it comes back: each once, in order.
fn sorted(text: &str) -> String {
    let mut items: Vec<&str> = split_list(text).collect();
    items.sort_unstable();
    items.dedup();
    items.join(",")
}

#[derive(Debug)]
struct Group;

impl Hooks for Group {
    fn open(&self, call: &Call, verb: Verb) -> Outcome<()> {
        if call.cluster.config.release != Release::V9 {
            return Ok(());
        }
        let what = match verb {
            Verb::List => "index groups",
            Verb::Read => "read group",
            Verb::Create => "create group",
            Verb::Update => "update group",
            Verb::Delete => "delete group",
        };
        Err(Refusal::died(format!("cannot {what}: ha groups have been migrated to rules")))
    }

    fn admit(&self, change: &mut Change<'_>) -> Outcome<()> {
        if let Some(nodes) = change.after.str("nodes").map(sorted) {
            change.after.set("nodes", nodes);
        }
        Ok(())
    }

    fn release(&self, _call: &Call, state: &State, id: &str) -> Outcome<()> {
        let uses = |resource: &Resource| resource.options.get("group").is_some_and(|group| group == id);
        match state.ha.resources.iter().find(|(_, resource)| uses(resource)) {
            Some((sid, _)) => Err(Refusal::died(format!("ha group is used by service '{sid}'"))),
            None => Ok(()),
        }
    }
}

const RULE: Family = Family {
    collection: "/cluster/ha/rules",
    item: "/cluster/ha/rules/{rule}",
    create: "/cluster/ha/rules",
    id: "rule",
    shows_id: ["rule", "rule"],
    texts: Texts {
        taken: Text::Died("HA rule '{id}' already defined"),
        missing: [
            Text::Died("no such ha rule '{id}'"),
            Text::Died("HA rule '{id}' does not exist"),
            Text::Silent,
        ],
        before: ["create ha rule failed", "update HA rules failed", "delete ha rule failed"],
    },
    hooks: &Rule,
    ..Family::of(
        "ha_rule",
        "ha/rules.cfg",
        &[
            ("node-affinity", Options::new("resources* nodes* strict disable comment")),
            ("resource-affinity", Options::new("resources* affinity* disable comment")),
        ],
    )
};

#[derive(Debug)]
struct Rule;

impl Hooks for Rule {
    fn admit(&self, change: &mut Change<'_>) -> Outcome<()> {
        for key in ["nodes", "resources"] {
            let Some(list) = change.after.str(key).map(sorted) else { continue };
            if list.is_empty() {
                return Err(Refusal::died(format!("no {key} were specified")));
            }
            change.after.set(key, list);
        }
        let nodes = change.after.str("nodes").unwrap_or_default();
        let unknown: Vec<&str> = split_list(nodes)
            .map(|n| n.split(':').next().unwrap_or(n))
            .filter(|n| !change.state.nodes.contains_key(*n))
            .collect();
        if !unknown.is_empty() {
            return Err(Refusal::died(format!("cannot use non-existent node(s) {}.", unknown.join(", "))));
        }
        let resources = change.after.str("resources").unwrap_or_default();
        let unmanaged: Vec<&str> =
            split_list(resources).filter(|sid| !change.state.ha.resources.contains_key(*sid)).collect();
        if !unmanaged.is_empty() {
            return Err(Refusal::died(format!("cannot use unmanaged resource(s) {}.", unmanaged.join(", "))));
        }
        if change.after.kind == "resource-affinity" && split_list(resources).count() < 2 {
            let text = "rule does not make sense with less than two resources";
            return Err(Refusal::param("resources", text));
        }
        // A flag that is off is not written.
        if !change.after.flag("disable") {
            change.after.fields.remove("disable");
        }
        Ok(())
    }

    fn show(&self, shown: &Shown<'_>, view: &mut Map<String, Value>) {
        let position = shown.state.config.file("ha/rules.cfg").keys().position(|id| id == shown.id);
        view.insert("order".into(), json!(position.unwrap_or_default() + 1));
        if shown.section.kind == "node-affinity" {
            view.entry("strict").or_insert(json!(0));
        }
    }

    fn belongs(&self, call: &Call, section: &super::super::store::Section) -> bool {
        call.params
            .str("resource")
            .is_none_or(|wanted| section.str("resources").is_some_and(|r| split_list(r).any(|r| r == wanted)))
    }
}
