use std::collections::{BTreeMap, BTreeSet};

use hosts::Connection;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::spec::SnapshotS3;

pub(crate) fn spec() -> ClusterSpec {
    ClusterSpec {
        id: "platform".into(),
        name: "platform".into(),
        distribution: "rke2".into(),
        version: "v1.33.4+rke2r1".into(),
        servers: BTreeMap::from([("a".into(), Connection::new("10.0.0.1"))]),
        registration_address: Some("rke2.lab".into()),
        config: Some(ClusterConfig {
            cni: Some("multus,canal".into()),
            tls_san: Some(BTreeSet::from(["api.lab".to_owned()])),
            cluster_cidr: Some("10.42.0.0/16".into()),
            extra: Some("kubelet-arg: [max-pods=200]".into()),
            ..ClusterConfig::default()
        }),
        registries: None,
        proxy: None,
        environment: None,
        systemd: None,
        artefacts: None,
        etcd_snapshots: Some(EtcdSnapshots {
            schedule: Some("0 1 * * *".into()),
            s3: Some(SnapshotS3 { bucket: "snapshots".into(), ..SnapshotS3::default() }),
            ..EtcdSnapshots::default()
        }),
        upgrade: None,
        preflight: None,
        rotation: None,
        deletion_protection: true,
        restore: None,
    }
}

fn node(role: Role) -> NodeConfig<'static> {
    NodeConfig {
        name: "a",
        role,
        node_ip: Some("10.0.0.1"),
        node_external_ip: None,
        labels: vec!["x=y".into()],
        taints: vec![],
        extra: Some("kubelet-arg: [v=2]\ndebug: true"),
    }
}

#[test]
fn a_server() {
    let text = render(&wanted(&spec(), &node(Role::Server)).unwrap(), &[("token", "se\"cret".into())]);
    insta::assert_snapshot!(text, @r#"
    # Written by Terraform (hybridops). What is changed here is set back by the next apply.
    cluster-cidr: "10.42.0.0/16"
    cni: ["multus","canal"]
    debug: true
    etcd-s3: true
    etcd-s3-config-secret: "hybridops-etcd-s3"
    etcd-snapshot-schedule-cron: "0 1 * * *"
    kubelet-arg: ["max-pods=200","v=2"]
    node-ip: "10.0.0.1"
    node-label: ["x=y"]
    node-name: "a"
    tls-san: ["api.lab","rke2.lab"]
    token: "se\"cret"
    "#);
}

#[test]
fn an_agent() {
    let text = render(&wanted(&spec(), &node(Role::Agent)).unwrap(), &[]);
    insta::assert_snapshot!(text, @r#"
    # Written by Terraform (hybridops). What is changed here is set back by the next apply.
    debug: true
    kubelet-arg: ["max-pods=200","v=2"]
    node-ip: "10.0.0.1"
    node-label: ["x=y"]
    node-name: "a"
    "#);
}

#[test]
fn keys_of_attributes_are_refused() {
    for text in ["token: x", "server: y", "node-name: z", "cni: canal", "tls-san+: [x]", "etcd-s3: true"] {
        assert!(matches!(extra(Distribution::Rke2, Some(text)), Err(BadKey::Owned(_))), "{text}");
    }
    assert!(matches!(extra(Distribution::K3s, Some("cni: canal")), Err(BadKey::Other { .. })));
    assert_eq!(refused(Distribution::Rke2, Some("token: x\ndebug: true\nflannel-backend: y")).len(), 2);
    assert!(matches!(extra(Distribution::K3s, Some("[1]")), Err(BadKey::NoYaml(_))));
}

proptest! {
    /// What is written is read back the same.
    #[test]
    fn round_trip(name in "[a-z]{1,9}", value in "\\PC{0,30}", flag in any::<bool>(), items in prop::collection::vec("\\PC{0,9}", 0..4)) {
        let keys = json!({ name.clone(): value, "flag": flag, "items": items });
        let keys = keys.as_object().unwrap().clone();
        let text = render(&Wanted { keys: keys.clone() }, &[]);
        prop_assert_eq!(keys_of(&text).unwrap(), keys);
    }

    /// Labels and whom it joins take no restart; everything else does.
    #[test]
    fn what_takes_a_restart(key in "(server|token|node-label|node-taint|kubelet-arg|profile)", value in "[a-z]{1,5}") {
        let base = wanted(&spec(), &node(Role::Server)).unwrap().keys;
        let mut changed = base.clone();
        changed.insert(key.clone(), json!(value));
        let restarts = matches!(key.as_str(), "kubelet-arg" | "profile");
        prop_assert_eq!(fingerprint(&base, &[]) != fingerprint(&changed, &[]), restarts);
    }
}
