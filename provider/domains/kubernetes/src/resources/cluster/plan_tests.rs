use std::net::IpAddr;

use proptest::prelude::*;

use super::*;
use crate::config::tests_spec;
use crate::spec::check::overlap;

fn planned(servers: &[(&str, &str)], config: &[(&str, &str)]) -> Value {
    let server = |host: &str| Value::object([("host", Value::from(host)), ("port", Value::Null)]);
    let servers = servers.iter().map(|(name, host)| ((*name).to_owned(), server(host))).collect();
    let config = config.iter().map(|(key, value)| ((*key).to_owned(), Value::from(*value))).collect();
    Value::object([
        ("name", Value::from("platform")),
        ("servers", Value::Map(servers)),
        ("config", Value::Object(config)),
    ])
}

fn told(planned: &Value, version: &str, prior: Option<&ClusterSpec>) -> String {
    format!("{:?}", refusals(Distribution::Rke2, planned, Some(&version.parse().unwrap()), prior))
}

const GOOD: [(&str, &str); 1] = [("a", "192.168.1.1")];

#[test]
fn everything_wrong_is_told_at_once() {
    let planned = planned(
        &[("a", "10.42.0.1"), ("b", "10.42.0.1")],
        &[("service_cidr", "10.42.128.0/17"), ("cluster_dns", "1.1.1.1"), ("extra", "token: x")],
    );
    let told = told(&planned, "v1.36.0+rke2r1", None);
    for part in [
        "even",
        "the same machine",
        "Networks overlap",
        "of the machines",
        "no network of services",
        "cannot be set here",
        "ingresses must be said",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
}

#[test]
fn a_good_one_is_not_refused() {
    assert!(!told(&planned(&GOOD, &[]), "v1.33.4+rke2r1", None).contains("Error"));
}

#[test]
fn what_cannot_be_changed() {
    let prior = Some(ClusterSpec { config: None, ..tests_spec() });
    assert!(
        told(&planned(&GOOD, &[("cni", "cilium")]), "v1.33.4+rke2r1", prior.as_ref())
            .contains("`cni` cannot be changed")
    );
    assert!(
        !told(&planned(&GOOD, &[("cni", "canal")]), "v1.33.4+rke2r1", prior.as_ref())
            .contains("cannot be changed")
    );
    for (version, part) in
        [("v1.32.8+rke2r1", "cannot go back"), ("v1.35.0+rke2r1", "minor versions are left out")]
    {
        assert!(told(&planned(&GOOD, &[]), version, prior.as_ref()).contains(part));
    }
}

#[test]
fn what_is_not_known_stays_unknown_in_the_specification() {
    let mut planned = planned(&GOOD, &[]);
    planned.set_at(&at("servers").key("a").attribute("host"), Value::UNKNOWN).unwrap();
    let spec = spec_value(&planned, Distribution::Rke2, Some(&BTreeMap::new()));
    assert!(known(&spec).is_none());
    let path = Path::root().attribute("servers").key("a").attribute("host");
    assert!(spec.at(&path).is_some_and(Value::is_unknown));
    assert_eq!(spec.get("distribution").and_then(Value::as_str), Some("rke2"));
}

#[test]
fn sets_of_images_that_are_missing_are_told() {
    let told = |images: &[&str], config: &[(&str, &str)], version: &str| {
        let Value::Object(mut planned) = planned(&GOOD, config) else { panic!("an object") };
        let images = Value::Set(images.iter().map(|it| Value::from(*it)).collect());
        planned.insert("artefacts".to_owned(), Value::object([("images", images)]));
        format!("{:?}", warnings(Some(&version.parse().unwrap()), &Value::Object(planned)))
    };
    let nginx = ("ingress_controller", "ingress-nginx");
    assert!(!told(&["core", "canal"], &[nginx], "v1.33.4+rke2r1").contains("does not name"));
    assert!(!told(&["all"], &[], "v1.33.4+rke2r1").contains("does not name"));
    assert!(told(&["core", "canal"], &[nginx], "v1.36.0+rke2r1").contains("does not name ingress-nginx"));
    assert!(
        told(&["all"], &[("cni", "multus,calico")], "v1.33.4+rke2r1")
            .contains("does not name multus, calico")
    );
    assert!(!told(&["all"], &[], "v1.33.4+k3s1").contains("does not name"));
}

proptest! {
    #[test]
    fn overlap_is_mutual_and_a_part_overlaps_the_whole(a in any::<u32>(), length in 0u8..=32, more in 0u8..=8) {
        let whole = (IpAddr::from(a.to_be_bytes()), length);
        let part = (IpAddr::from(a.to_be_bytes()), length.saturating_add(more).min(32));
        prop_assert!(overlap(whole, part) && overlap(part, whole));
        if length > 0 {
            let other = (IpAddr::from((a ^ (1 << (32 - u32::from(length)))).to_be_bytes()), length);
            prop_assert!(!overlap(whole, other));
        }
    }
}
