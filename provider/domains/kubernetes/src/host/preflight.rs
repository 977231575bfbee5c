//! What is found on a machine that keeps it from becoming a node, all of it at once.

use std::collections::BTreeMap;

use super::facts::Facts;
use crate::errors::Refusal;
use crate::resources::Role;
use crate::spec::ClusterSpec;
use crate::spec::check::{host, network, overlap};
use crate::version::Version;

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    /// By which it is accepted.
    pub(crate) code: &'static str,
    /// What was found, and what to do.
    pub(crate) text: String,
    /// Whether it may be accepted at all.
    pub(crate) acceptable: bool,
}

pub(crate) fn finding(code: &'static str, text: impl Into<String>) -> Finding {
    Finding { code, text: text.into(), acceptable: true }
}

fn fatal(code: &'static str, text: impl Into<String>) -> Finding {
    Finding { code, text: text.into(), acceptable: false }
}

/// Room that the data need at least, in KiB.
const ROOM: u64 = 1 << 20;

/// What is asked of a machine.
#[derive(Debug, Clone)]
pub(crate) struct Asked<'a> {
    pub(crate) spec: &'a ClusterSpec,
    pub(crate) node: &'a str,
    pub(crate) role: Role,
    pub(crate) version: &'a Version,
    /// What it reaches without the proxy.
    pub(crate) no_proxy: Vec<String>,
}

/// Everything that is found; a pure function.
pub(crate) fn findings(facts: &Facts, asked: &Asked<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    machine(facts, asked, &mut found);
    kernel(facts, asked, &mut found);
    profile(facts, asked, &mut found);
    proxy(facts, asked, &mut found);
    strangers(facts, asked, &mut found);
    for broken in &facts.broken {
        found.push(fatal(
            "configuration",
            format!("a configuration file cannot be read: {broken}. Correct or remove it."),
        ));
    }
    found
}

fn machine(facts: &Facts, asked: &Asked<'_>, found: &mut Vec<Finding>) {
    if !facts.os.systemd {
        found.push(fatal("systemd", "it is not run by systemd, which the services need."));
    }
    if !matches!(facts.os.architecture.as_str(), "amd64" | "arm64") {
        found.push(fatal("architecture", format!("there is no release for {}.", facts.os.architecture)));
    }
    if asked.role == Role::Server {
        if facts.processors < 2 {
            found.push(finding(
                "cpu",
                format!("it has {} processor, and a server needs 2.", facts.processors),
            ));
        }
        // A machine of 4 GiB shows a little less.
        if facts.memory_kib < 3_700_000 {
            found.push(finding(
                "memory",
                format!("it has {} MiB of memory, and a server needs 4096.", facts.memory_kib / 1024),
            ));
        }
    }
    if facts.free_kib < ROOM {
        found.push(finding(
            "disk",
            format!("{} MiB are free for the data, and {} are needed.", facts.free_kib / 1024, ROOM / 1024),
        ));
    }
    if facts.clock_ahead.abs() > 10.0 {
        found.push(finding(
            "clock",
            format!(
                "its clock is {:.0} s off ours: certificates and leases need clocks that agree.",
                facts.clock_ahead
            ),
        ));
    }
    for (link, mtu) in facts.network.mtus.iter().filter(|(_, mtu)| **mtu < 1280) {
        found.push(finding("mtu", format!("{link} has an MTU of {mtu}, too small for an overlay network.")));
    }
    if facts.network.addresses.is_empty() && facts.network.source.is_none() {
        found.push(fatal("address", "it has no address besides those of the loopback."));
    }
}

fn kernel(facts: &Facts, asked: &Asked<'_>, found: &mut Vec<Finding>) {
    let kernel = &facts.kernel;
    if asked.version.at_least(1, 35) && facts.os.cgroup != "cgroup2fs" {
        let text = format!(
            "it has control groups of version 1 ({}), which Kubernetes 1.35 and later refuse: boot with systemd.unified_cgroup_hierarchy=1.",
            facts.os.cgroup
        );
        found.push(fatal("cgroup-v1", text));
    }
    if !kernel.missing_modules.is_empty() {
        let text = format!(
            "modules of the kernel cannot be loaded: {}. In a container, the host must load them.",
            kernel.missing_modules.join(", ")
        );
        found.push(finding("kernel-modules", text));
    }
    if !kernel.kmsg {
        found.push(finding("kmsg", "/dev/kmsg cannot be read, and the kubelet needs it."));
    }
    if !facts.swaps.is_empty() {
        found.push(finding(
            "swap",
            format!(
                "it swaps to {}: turn it off, or tell the kubelet to tolerate it.",
                facts.swaps.join(", ")
            ),
        ));
    }
    for (service, code, text) in [
        (
            "firewalld",
            "firewalld",
            "firewalld is active and interferes with the network of pods: stop and disable it.",
        ),
        (
            "nm-cloud-setup",
            "nm-cloud-setup",
            "nm-cloud-setup is active and rewrites routes of pods: disable it.",
        ),
    ] {
        if kernel.services.contains(service) {
            found.push(finding(code, text));
        }
    }
    if kernel.services.contains("NetworkManager") && !kernel.networkmanager_ignores {
        let text = "NetworkManager manages the interfaces of pods: add `unmanaged-devices=interface-name:cali*;interface-name:flannel*` to a \
                    file in /etc/NetworkManager/conf.d.";
        found.push(finding("networkmanager", text));
    }
    if kernel.commands.is_empty() {
        found.push(finding("iptables", "neither iptables nor nft is installed."));
    } else if kernel.commands.is_subset(&kernel.refused) {
        let names: Vec<&str> = kernel.commands.iter().map(String::as_str).collect();
        let text = format!(
            "{} cannot be used: the kernel refuses. In a container, the host must load the modules.",
            names.join(" and ")
        );
        found.push(finding("iptables", text));
    }
    if facts.os.selinux == "Enforcing" {
        let text = "SELinux is enforcing, and the policy of the distribution comes by RPM, which is not installed by this: install the package \
                    of its policy (`rke2-selinux`, `k3s-selinux`) first, or make it permissive.";
        found.push(finding("selinux", text));
    }
}

/// Values of the kernel that a profile demands.
const PROFILE: [(&str, &str); 4] = [
    ("vm.overcommit_memory", "1"),
    ("vm.panic_on_oom", "0"),
    ("kernel.panic", "10"),
    ("kernel.panic_on_oops", "1"),
];

/// Values of the kernel that are not as the profile demands, where there is one: what is, and what is demanded.
fn unlike(facts: &Facts, spec: &ClusterSpec) -> Vec<(&'static str, String)> {
    if spec.config().profile.is_none() {
        return Vec::new();
    }
    let there = |key: &str| facts.kernel.sysctls.get(key).map(String::as_str).unwrap_or_default();
    let wrong = PROFILE.iter().filter(|(key, wanted)| there(key) != *wanted);
    wrong
        .map(|(key, wanted)| (*key, format!("{key} is {:?}, and the profile demands {wanted}", there(key))))
        .collect()
}

/// What is missing of what a profile demands of the host and is prepared for it, each as a line.
pub(crate) fn unprepared(facts: &Facts, spec: &ClusterSpec) -> Vec<String> {
    let mut lines: Vec<String> = if spec.accepts("sysctl") {
        Vec::new()
    } else {
        unlike(facts, spec).into_iter().map(|(_, line)| line).collect()
    };
    if spec.config().profile.is_some() && !facts.kernel.etcd_user {
        lines.push("there is no user and group `etcd`, which the profile demands".to_owned());
    }
    lines
}

fn profile(facts: &Facts, asked: &Asked<'_>, found: &mut Vec<Finding>) {
    for (key, line) in unlike(facts, asked.spec) {
        if facts.kernel.fixed.contains(key) {
            let text = format!("{line}; this machine cannot change it. In a container, the host must.");
            found.push(finding("sysctl", text));
        }
    }
}

/// Whether a list as in `NO_PROXY` covers an address.
fn covers(list: &[String], address: &str) -> bool {
    let Ok(address) = address.parse::<std::net::IpAddr>() else { return true };
    list.iter().any(|entry| {
        entry.parse() == Ok(address)
            || network(entry).is_ok_and(|(of, length)| overlap((of, length), host(address)))
    })
}

fn proxy(facts: &Facts, asked: &Asked<'_>, found: &mut Vec<Finding>) {
    let Some(address) = facts.address().filter(|_| asked.spec.proxy.is_some()) else { return };
    if !covers(&asked.no_proxy, &address) {
        let text = format!(
            "the cluster knows it by {address}, which `proxy.no_proxy` does not cover: other nodes would ask the proxy for it. Add its \
             network there."
        );
        found.push(finding("no-proxy", text));
    }
}

/// What is on it that is not of this node.
fn strangers(facts: &Facts, asked: &Asked<'_>, found: &mut Vec<Finding>) {
    let d = asked.spec.distribution();
    for other in &facts.kernel.foreign {
        found.push(finding(
            "foreign",
            format!("{other} is installed as well: two of them use the same ports and interfaces."),
        ));
    }
    if facts.kernel.services.contains("docker") {
        let text =
            "docker is active: it drops what is forwarded and uses the same interfaces. Stop and disable it.";
        found.push(finding("foreign", text));
    }
    let other_role = match asked.role {
        Role::Server => &facts.agent,
        Role::Agent => &facts.server,
    };
    if other_role.runs() {
        found.push(fatal("role", "it runs the service of the other role. Destroy that node first."));
    }
    match &facts.journal {
        Some(journal)
            if !journal.cluster.is_empty()
                && (journal.cluster != asked.spec.name || journal.node != asked.node) =>
        {
            let text = format!(
                "it is node {} of the cluster {}. Destroy that node first.",
                journal.node, journal.cluster
            );
            found.push(fatal("other-node", text));
        }
        Some(_) => {}
        None if facts.has_cluster() => {
            let text = format!(
                "{} holds a cluster that this node did not make. Import the node, or run {}-uninstall.sh on the machine.",
                d.data_dir(),
                d.name()
            );
            found.push(fatal("other-cluster", text));
        }
        None => {}
    }
    if !facts.unit(asked.role).runs() {
        let taken: Vec<String> = d
            .ports(asked.role)
            .iter()
            .filter(|port| facts.network.listens.contains(port))
            .map(u16::to_string)
            .collect();
        if !taken.is_empty() {
            found.push(finding("ports", format!("ports it needs are taken: {}.", taken.join(", "))));
        }
    }
}

/// The values of one kind that a machine has.
type Values = fn(&Facts) -> Vec<String>;

/// What must not be the same on two machines of a cluster.
pub(crate) fn duplicates(machines: &BTreeMap<String, Facts>) -> Vec<Finding> {
    let mut found = Vec::new();
    let kinds: [(&str, Values); 5] = [
        ("host name", |facts| vec![facts.os.host.clone()]),
        ("machine-id", |facts| vec![facts.os.machine.clone()]),
        ("product UUID", |facts| vec![facts.os.product.clone()]),
        ("address", |facts| facts.address().into_iter().collect()),
        ("hardware address", |facts| facts.network.macs.iter().cloned().collect()),
    ];
    for (what, values) in kinds {
        let mut seen: BTreeMap<String, &str> = BTreeMap::new();
        for (name, facts) in machines {
            for value in
                values(facts).into_iter().filter(|value| !value.is_empty() && value != "00:00:00:00:00:00")
            {
                match seen.get(&value) {
                    Some(other) if *other != name => {
                        let text = format!(
                            "{other} and {name} have the same {what}, {value}: one was copied from the other."
                        );
                        // Nothing of the cluster is told apart by it alone.
                        found.push(match what {
                            "machine-id" => finding("machine-id", text),
                            "product UUID" => finding("product-uuid", text),
                            _ => fatal("duplicate", text),
                        });
                    }
                    _ => drop(seen.insert(value, name)),
                }
            }
        }
    }
    found
}

/// The refusal, where findings remain that are not accepted.
pub(crate) fn refusal(spec: &ClusterSpec, node: &str, found: &[Finding]) -> Option<Refusal> {
    let left: Vec<&Finding> = found.iter().filter(|it| !it.acceptable || !spec.accepts(it.code)).collect();
    if left.is_empty() {
        return None;
    }
    let lines: Vec<String> = left.iter().map(|it| format!("  - {}: {}", it.code, it.text)).collect();
    let acceptable = left.iter().any(|it| it.acceptable);
    let advice = if acceptable {
        "\n\nWhat does not matter here can be accepted by its code, in `preflight.accept` of the cluster."
    } else {
        ""
    };
    let count = if left.len() == 1 { "1 finding".to_owned() } else { format!("{} findings", left.len()) };
    Some(Refusal::new(
        format!("The machine of {node} cannot become a node: {count}"),
        format!("Nothing was changed on it.\n\n{}{advice}", lines.join("\n")),
    ))
}

#[cfg(test)]
#[path = "preflight_tests.rs"]
mod tests;
