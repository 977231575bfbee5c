use super::super::facts::{Database, Kernel, Network, Os};
use super::super::journal::Journal;
use super::*;
use crate::config::tests_spec as spec;

fn good() -> Facts {
    Facts {
        os: Os {
            architecture: "amd64".into(),
            systemd: true,
            host: "a".into(),
            machine: "1".into(),
            cgroup: "cgroup2fs".into(),
            ..Os::default()
        },
        memory_kib: 8 << 20,
        processors: 4,
        free_kib: 99 << 20,
        network: Network { source: Some("10.0.0.1".into()), ..Network::default() },
        kernel: Kernel { kmsg: true, commands: ["nft".to_owned()].into(), ..Kernel::default() },
        ..Facts::default()
    }
}

fn codes(facts: &Facts, version: &str) -> Vec<&'static str> {
    codes_with(&spec(), facts, version)
}

fn codes_with(spec: &ClusterSpec, facts: &Facts, version: &str) -> Vec<&'static str> {
    let version = version.parse().unwrap();
    let no_proxy = crate::install::no_proxy(spec, &[]);
    let asked = Asked { spec, node: "a", role: Role::Server, version: &version, no_proxy };
    findings(facts, &asked).into_iter().map(|it| it.code).collect()
}

#[test]
fn each_is_found() {
    assert_eq!(codes(&good(), "v1.35.0+rke2r1"), [] as [&str; 0]);
    let mut bad = good();
    bad.processors = 1;
    bad.memory_kib = 1 << 20;
    bad.free_kib = 1;
    bad.clock_ahead = -60.0;
    bad.os.cgroup = "tmpfs".into();
    bad.kernel.missing_modules = vec!["overlay".into()];
    bad.kernel.kmsg = false;
    bad.swaps = vec!["/dev/sda".into()];
    bad.kernel.refused = ["nft".to_owned()].into();
    bad.os.selinux = "Enforcing".into();
    bad.kernel.services = ["firewalld", "NetworkManager", "docker"].map(str::to_owned).into();
    bad.network.listens = [6443].into();
    bad.database = Database { etcd: true, ..Database::default() };
    let expected = [
        "cpu",
        "memory",
        "disk",
        "clock",
        "cgroup-v1",
        "kernel-modules",
        "kmsg",
        "swap",
        "firewalld",
        "networkmanager",
        "iptables",
        "selinux",
        "foreign",
        "other-cluster",
        "ports",
    ];
    assert_eq!(codes(&bad, "v1.35.0+rke2r1"), expected);
    assert!(!codes(&bad, "v1.34.1+rke2r1").contains(&"cgroup-v1"));
}

#[test]
fn what_is_accepted_is_not_told_but_what_cannot_be_is() {
    let mut spec = spec();
    spec.preflight = Some(crate::spec::Preflight {
        accept: Some(["cpu".to_owned(), "cgroup-v1".to_owned()].into()),
        fsync_limit: None,
    });
    let found = [finding("cpu", "x."), fatal("cgroup-v1", "y."), finding("swap", "z.")];
    let refusal = refusal(&spec, "a", &found).unwrap();
    assert!(
        refusal.summary.ends_with("2 findings")
            && refusal.detail.contains("cgroup-v1: y.")
            && !refusal.detail.contains("cpu")
    );
    assert!(super::refusal(&spec, "a", &found[..1]).is_none());
}

#[test]
fn another_nodes_machine_and_copies() {
    let mut facts = good();
    facts.journal = Some(Journal { cluster: "other".into(), node: "x".into(), ..Journal::default() });
    assert_eq!(codes(&facts, "v1.33.4+rke2r1"), ["other-node"]);
    let mut b = good();
    b.os.host = "b".into();
    let machines = BTreeMap::from([("a".to_owned(), good()), ("b".to_owned(), b)]);
    let texts: Vec<String> = duplicates(&machines).into_iter().map(|it| it.text).collect();
    assert_eq!(texts.len(), 2, "{texts:?}");
    assert!(texts[0].contains("machine-id") && texts[1].contains("10.0.0.1"));
}

#[test]
fn a_profile_demands_values_that_the_kernel_takes() {
    let mut spec = spec();
    spec.config.get_or_insert_default().profile = Some("cis".into());
    let mut facts = good();
    facts.kernel.sysctls = [("kernel.panic".to_owned(), "0".to_owned())].into();
    // What can be changed is changed when the node is made.
    assert_eq!(codes_with(&spec, &facts, "v1.33.4+rke2r1"), [] as [&str; 0]);
    assert_eq!(unprepared(&facts, &spec).len(), 5);
    facts.kernel.fixed = ["kernel.panic".to_owned()].into();
    assert_eq!(codes_with(&spec, &facts, "v1.33.4+rke2r1"), ["sysctl"]);
    facts.kernel.etcd_user = true;
    facts.kernel.sysctls = PROFILE.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    assert_eq!(codes_with(&spec, &facts, "v1.33.4+rke2r1"), [] as [&str; 0]);
    assert!(unprepared(&facts, &spec).is_empty());
}

#[test]
fn a_proxy_is_not_between_nodes() {
    let mut spec = spec();
    spec.proxy = Some(crate::spec::Proxy { http: Some("http://p:3128".into()), ..Default::default() });
    let mut facts = good();
    assert_eq!(codes_with(&spec, &facts, "v1.33.4+rke2r1"), [] as [&str; 0]);
    facts.network.source = Some("10.9.0.1".into());
    assert_eq!(codes_with(&spec, &facts, "v1.33.4+rke2r1"), ["no-proxy"]);
    spec.proxy.as_mut().unwrap().no_proxy = Some(vec!["10.9.0.0/16".into()]);
    assert_eq!(codes_with(&spec, &facts, "v1.33.4+rke2r1"), [] as [&str; 0]);
}
