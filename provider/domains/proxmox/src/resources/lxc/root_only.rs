//! What Proxmox VE reserves to root@pam logged in with a password: no token may, not even root's own.

use std::collections::BTreeMap;

use tf_framework::{Computed, Diagnostic};
use tf_value::Path;

use super::model::*;
use crate::api::Principal;

/// What is reserved, and whether a change from one to the other sets it. `None` is a container that is to be made.
struct Rule {
    what: &'static str,
    paths: fn(Option<&Lxc>, &Lxc) -> Vec<Path>,
}

static RULES: &[Rule] = &[
    Rule {
        what: "bind mounts",
        paths: |prior, plan| mounts(prior, plan, "bind", |mount| mount.bind.is_some()),
    },
    Rule {
        what: "device mounts",
        paths: |prior, plan| mounts(prior, plan, "device", |mount| mount.device.is_some()),
    },
    Rule { what: "devices of the node", paths: devices },
    Rule { what: "hook scripts", paths: hookscript },
    Rule { what: "features other than `nesting`", paths: features },
    Rule { what: "features of a privileged container", paths: privileged },
];

/// Attributes of a plan that this account cannot set, each with the account it takes.
pub(super) fn refusals(account: &Principal, prior: Option<&Lxc>, plan: &Lxc) -> Vec<Diagnostic> {
    if account.is_root() {
        return Vec::new();
    }
    let mut refusals = Vec::new();
    for rule in RULES {
        for path in (rule.paths)(prior, plan) {
            let detail = format!(
                "{path} takes root@pam logged in with a password, and the provider is {account}. No API token may do this. Configure \
                 `username = \"root@pam\"` and `password` in the provider's `proxmox` section, or leave it out."
            );
            let summary = format!("Only root@pam may set {}", rule.what);
            refusals.push(Diagnostic::error(summary, detail).at(path));
        }
    }
    refusals
}

fn at(name: &str) -> Path {
    Path::root().attribute(name)
}

fn mounts(prior: Option<&Lxc>, plan: &Lxc, attribute: &str, is: fn(&Mount) -> bool) -> Vec<Path> {
    let before = |slot: &str| prior.and_then(|prior| prior.mounts.known()?.get(slot));
    // What becomes of a volume is ours to say, not a setting of the mount.
    let changed = |slot: &str, mount: &Mount| {
        before(slot)
            .is_none_or(|before| Mount { on_remove: mount.on_remove, ..settled(before, mount) } != *mount)
    };
    let mounts = plan.mounts.known().into_iter().flatten();
    let set = mounts.filter(|(slot, mount)| is(mount) && changed(slot, mount));
    set.map(|(slot, _)| at("mounts").key(slot).attribute(attribute)).collect()
}

/// The mount in state, with what the plan leaves open left open.
fn settled(before: &Mount, plan: &Mount) -> Mount {
    let mut mount = before.clone();
    for (had, has) in [
        (&mut mount.storage, &plan.storage),
        (&mut mount.size, &plan.size),
        (&mut mount.volume, &plan.volume),
    ] {
        if has.known().is_none() {
            *had = Computed::Unknown;
        }
    }
    mount
}

fn devices(prior: Option<&Lxc>, plan: &Lxc) -> Vec<Path> {
    let none = BTreeMap::new();
    let before = prior.and_then(|prior| prior.devices.known()).unwrap_or(&none);
    let Some(after) = plan.devices.known() else { return Vec::new() };
    let set = after.iter().filter(|(slot, device)| before.get(*slot) != Some(device)).map(|(slot, _)| slot);
    let removed = before.keys().filter(|slot| !after.contains_key(*slot));
    set.chain(removed).map(|slot| at("devices").key(slot)).collect()
}

fn hookscript(prior: Option<&Lxc>, plan: &Lxc) -> Vec<Path> {
    let before = prior.and_then(|prior| prior.hookscript.known().cloned()).flatten();
    let differs = plan.hookscript.known().is_some_and(|after| *after != before);
    differs.then(|| at("hookscript")).into_iter().collect()
}

/// Whether a feature is on.
type Flag = fn(&Features) -> bool;

fn features(prior: Option<&Lxc>, plan: &Lxc) -> Vec<Path> {
    if plan.unprivileged.known() == Some(&false) {
        return Vec::new();
    }
    let Some(after) = plan.features.known() else { return Vec::new() };
    let before = prior.and_then(|prior| prior.features.known());
    let flags: [(&str, Flag); 4] = [
        ("keyctl", |features| features.keyctl),
        ("fuse", |features| features.fuse),
        ("mknod", |features| features.mknod),
        ("force_rw_sys", |features| features.force_rw_sys),
    ];
    let changed = |is: Flag| is(after) != before.is_some_and(is);
    let mut paths: Vec<&str> =
        flags.into_iter().filter(|(_, is)| changed(*is)).map(|(name, _)| name).collect();
    if before.map_or(!after.mount.is_empty(), |before| before.mount != after.mount) {
        paths.push("mount");
    }
    paths.into_iter().map(|name| at("features").attribute(name)).collect()
}

fn privileged(prior: Option<&Lxc>, plan: &Lxc) -> Vec<Path> {
    if plan.unprivileged.known() != Some(&false) {
        return Vec::new();
    }
    let Some(after) = plan.features.known() else { return Vec::new() };
    let nothing = Features {
        nesting: false,
        keyctl: false,
        fuse: false,
        mknod: false,
        force_rw_sys: false,
        mount: std::collections::BTreeSet::new(),
    };
    let before = prior.and_then(|prior| prior.features.known()).unwrap_or(&nothing);
    (before != after).then(|| at("features")).into_iter().collect()
}
