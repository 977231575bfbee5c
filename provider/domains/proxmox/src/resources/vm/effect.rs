//! When a change takes effect on a guest that runs: one table.

use std::collections::BTreeSet;

use super::slots::family;

/// When a change takes effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Effect {
    /// At once, whether the guest runs or not.
    Now,
    /// While it runs, by hotplug.
    Hotplug,
    /// At its next start.
    Restart,
}

/// What changes about a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// It gets another value.
    Set,
    /// Hardware is plugged in.
    Plug,
    /// Hardware is taken out.
    Unplug,
    /// A disk grows, or moves to another storage.
    Storage,
    /// The image in a CD drive.
    Media,
    /// What only backups and replication look at.
    Bookkeeping,
}

/// How a key behaves.
enum Rule {
    Now,
    /// Needs this feature of the option `hotplug`.
    Feature(&'static str),
    Restart,
}

/// By key or family of slots. Read in the server's own code; what is not listed takes effect at the next start.
const RULES: &[(&str, Rule)] = &[
    ("name", Rule::Now),
    ("description", Rule::Now),
    ("tags", Rule::Now),
    ("onboot", Rule::Now),
    ("startup", Rule::Now),
    ("protection", Rule::Now),
    ("hookscript", Rule::Now),
    ("pool", Rule::Now),
    ("ha", Rule::Now),
    ("node", Rule::Now),
    ("cpulimit", Rule::Now),
    ("cpuunits", Rule::Now),
    ("hotplug", Rule::Now),
    ("balloon", Rule::Now),
    ("memory", Rule::Feature("memory")),
    ("vcpus", Rule::Feature("cpu")),
    ("net", Rule::Feature("network")),
    ("usb", Rule::Feature("usb")),
    ("ciuser", Rule::Feature("cloudinit")),
    ("cipassword", Rule::Feature("cloudinit")),
    ("sshkeys", Rule::Feature("cloudinit")),
    ("searchdomain", Rule::Feature("cloudinit")),
    ("nameserver", Rule::Feature("cloudinit")),
    ("ciupgrade", Rule::Feature("cloudinit")),
    ("ipconfig", Rule::Feature("cloudinit")),
    ("unused", Rule::Now),
];

/// What a running guest allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Allows {
    /// Features of the option `hotplug`.
    pub(super) hotplug: BTreeSet<String>,
    /// Whether NUMA is on, which hotplug of memory needs.
    pub(super) numa: bool,
}

/// When a change of a key takes effect on a running guest.
pub(super) fn effect(key: &str, action: Action, allows: &Allows) -> Effect {
    let family = family(key);
    let drive = matches!(family, "scsi" | "virtio" | "sata" | "ide");
    let rule = match (action, drive) {
        (Action::Storage | Action::Media | Action::Bookkeeping, _) => &Rule::Now,
        (Action::Plug | Action::Unplug, true) if matches!(family, "scsi" | "virtio") => {
            &Rule::Feature("disk")
        }
        (_, true) => &Rule::Restart,
        _ => {
            let named = RULES.iter().find(|(name, _)| *name == key || *name == family);
            named.map_or(&Rule::Restart, |(_, rule)| rule)
        }
    };
    match rule {
        Rule::Now => Effect::Now,
        Rule::Feature("memory") if !allows.numa => Effect::Restart,
        Rule::Feature(feature) if allows.hotplug.contains(*feature) => Effect::Hotplug,
        Rule::Feature(_) | Rule::Restart => Effect::Restart,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn allows(features: &[&str], numa: bool) -> Allows {
        Allows { hotplug: features.iter().map(|feature| (*feature).to_owned()).collect(), numa }
    }

    #[test]
    fn the_usual_guest() {
        let usual = allows(&["network", "disk", "usb"], false);
        for (key, action, expected) in [
            ("description", Action::Set, Effect::Now),
            ("memory", Action::Set, Effect::Restart),
            ("cores", Action::Set, Effect::Restart),
            ("net0", Action::Set, Effect::Hotplug),
            ("net1", Action::Plug, Effect::Hotplug),
            ("scsi1", Action::Plug, Effect::Hotplug),
            ("scsi1", Action::Set, Effect::Restart),
            ("scsi0", Action::Storage, Effect::Now),
            ("sata1", Action::Plug, Effect::Restart),
            ("ide2", Action::Media, Effect::Now),
            ("ipconfig0", Action::Set, Effect::Restart),
            ("efidisk0", Action::Plug, Effect::Restart),
            ("something", Action::Set, Effect::Restart),
        ] {
            assert_eq!(effect(key, action, &usual), expected, "{key} {action:?}");
        }
        assert_eq!(effect("memory", Action::Set, &allows(&["memory"], true)), Effect::Hotplug);
        assert_eq!(effect("memory", Action::Set, &allows(&["memory"], false)), Effect::Restart);
    }

    proptest! {
        /// Allowing more never makes a change need a restart that did without.
        #[test]
        fn more_features_never_need_more_restarts(
            key in "(name|memory|cores|vcpus|net0|scsi1|virtio2|sata0|usb0|ipconfig0|vga)",
            action in prop_oneof![Just(Action::Set), Just(Action::Plug), Just(Action::Unplug)],
            some in proptest::collection::btree_set("(network|disk|usb|memory|cpu|cloudinit)", 0..4),
            more in proptest::collection::btree_set("(network|disk|usb|memory|cpu|cloudinit)", 0..4),
            numa: bool,
        ) {
            let few = effect(&key, action, &Allows { hotplug: some.clone(), numa });
            let many = effect(&key, action, &Allows { hotplug: some.union(&more).cloned().collect(), numa });
            prop_assert!(many <= few);
            let nothing = effect(&key, action, &Allows { hotplug: BTreeSet::new(), numa: false });
            prop_assert!(nothing != Effect::Hotplug);
        }
    }
}
