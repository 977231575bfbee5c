//! What must not be in a cluster, whatever its machines are: told at plan, all of it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use tf_framework::{Diagnostic, Diagnostics, Model as _, Value};

use super::plan::at;
use crate::distribution::Distribution;
use crate::spec::ClusterSpec;
use crate::spec::check::{host, network, overlap};
use crate::upgrade::allowed;
use crate::version::Version;

/// Sets of images that a cluster without a registry needs, and those given do not hold.
fn missing_images(version: Option<&Version>, planned: &Value) -> Vec<String> {
    let artefacts = planned.get("artefacts").cloned().unwrap_or(Value::Null);
    let Some(Value::Set(given) | Value::List(given)) = artefacts.get("images").cloned() else {
        return Vec::new();
    };
    let has = |set: &str| given.iter().any(|it| it.as_str() == Some(set));
    let Some(version) = version.filter(|it| it.distribution == Distribution::Rke2 && !given.is_empty())
    else {
        return Vec::new();
    };
    let of = |key: &str| {
        let config = planned.get("config").cloned().unwrap_or(Value::Null);
        config.get(key).and_then(Value::as_str).map(str::to_owned)
    };
    let cni = of("cni").unwrap_or_else(|| "canal".to_owned());
    let mut needed: Vec<String> = cni.split(',').filter(|it| *it != "none").map(str::to_owned).collect();
    needed.insert(0, "core".to_owned());
    // From 1.36 on it is not in the core any more.
    needed.extend(of("ingress_controller").filter(|it| it == "ingress-nginx" && version.at_least(1, 36)));
    let in_whole = |set: &str| has("all") && matches!(set, "core" | "canal");
    needed.retain(|set| !has(set));
    needed.retain(|set| !in_whole(set));
    needed
}

/// What is not wrong, and not as it should be.
pub(super) fn warnings(version: Option<&Version>, planned: &Value) -> Vec<Diagnostic> {
    let count = planned.get("servers").and_then(|servers| match servers {
        Value::Map(members) | Value::Object(members) => Some(members.len()),
        _ => None,
    });
    let registered = planned.get("registration_address").is_some_and(|it| !it.is_null());
    let mut warnings = Vec::new();
    if count.is_some_and(|count| count > 1) && !registered {
        warnings.push(
            Diagnostic::warning(
                "Nodes stay with single servers",
                "There is no `registration_address`: a node that starts while the server it was told is down stays out until that server is \
                 back. Give a record of DNS, a load balancer or a virtual address of all servers.",
            )
            .at(at("registration_address")),
        );
    }
    let missing = missing_images(version, planned);
    if !missing.is_empty() {
        let detail = format!(
            "`artefacts.images` does not name {}, which this configuration uses: nodes pull those images from a registry. Add them where \
             nodes reach none.",
            missing.join(", ")
        );
        warnings.push(
            Diagnostic::warning("Sets of images are missing", detail).at(at("artefacts").attribute("images")),
        );
    }
    warnings
}

/// What must not be, all of it.
pub(super) fn refusals(
    distribution: Distribution,
    planned: &Value,
    version: Option<&Version>,
    prior: Option<&ClusterSpec>,
) -> Diagnostics {
    let mut refused = Diagnostics::new();
    servers(planned, &mut refused);
    networks(planned, &mut refused);
    keys(distribution, planned, &mut refused);
    variables(planned, &mut refused);
    if let Some(version) = version {
        versions(planned, version, prior, &mut refused);
    }
    if let Some(prior) = prior {
        fixed(planned, prior, &mut refused);
    }
    refused
}

fn servers(planned: &Value, refused: &mut Diagnostics) {
    let Some(Value::Map(servers) | Value::Object(servers)) = planned.get("servers") else { return };
    let names: BTreeSet<&String> = servers.keys().collect();
    if names.len().is_multiple_of(2) {
        let detail = format!(
            "{} servers survive no more losses than {}, and one of them more can be lost to no use: the database decides by majority. \
             Have one, three, five or seven.",
            names.len(),
            names.len().saturating_sub(1)
        );
        refused.extend(Diagnostics::error_at(at("servers"), "The number of servers is even", detail));
    }
    let mut seen: BTreeMap<(String, String), &String> = BTreeMap::new();
    for (name, server) in servers {
        let Some(host) = server.get("host").and_then(Value::as_str) else { continue };
        let port = server
            .get("port")
            .and_then(Value::as_number)
            .map_or_else(|| "22".to_owned(), ToString::to_string);
        if let Some(other) = seen.insert((host.to_ascii_lowercase(), port), name) {
            let path = at("servers").key(name).attribute("host");
            let detail = format!("{other:?} and {name:?} are both at {host}.");
            refused.extend(Diagnostics::error_at(path, "Two servers are the same machine", detail));
        }
    }
}

/// The networks of a key, or what is usual.
fn given_networks(planned: &Value, key: &str, usual: &str) -> Option<Vec<(IpAddr, u8)>> {
    let value = planned.get("config").and_then(|config| config.get(key)).cloned().unwrap_or(Value::Null);
    if value.is_unknown() || planned.get("config").is_some_and(Value::is_unknown) {
        return None;
    }
    let text = value.as_str().unwrap_or(usual).to_owned();
    text.split(',').map(|part| network(part.trim()).ok()).collect()
}

fn networks(planned: &Value, refused: &mut Diagnostics) {
    let pods = given_networks(planned, "cluster_cidr", "10.42.0.0/16");
    let services = given_networks(planned, "service_cidr", "10.43.0.0/16");
    let (Some(pods), Some(services)) = (pods, services) else { return };
    let path = |key: &str| at("config").attribute(key);
    for pod in &pods {
        for service in services.iter().filter(|service| overlap(*pod, **service)) {
            let detail = format!(
                "{}/{} of pods and {}/{} of services share addresses.",
                pod.0, pod.1, service.0, service.1
            );
            refused.extend(Diagnostics::error_at(path("service_cidr"), "Networks overlap", detail));
        }
    }
    if let Some(Value::Map(servers) | Value::Object(servers)) = planned.get("servers") {
        for (name, server) in servers {
            let Some(address) =
                server.get("host").and_then(Value::as_str).and_then(|host| host.parse::<IpAddr>().ok())
            else {
                continue;
            };
            if let Some((network, length)) =
                pods.iter().chain(&services).find(|network| overlap(**network, host(address)))
            {
                let detail = format!(
                    "The server {name:?} is at {address}, which is in {network}/{length} of pods or services."
                );
                refused.extend(Diagnostics::error_at(
                    path("cluster_cidr"),
                    "A network overlaps that of the machines",
                    detail,
                ));
            }
        }
    }
    let dns = planned.get("config").and_then(|config| config.get("cluster_dns")).and_then(Value::as_str);
    for address in dns.unwrap_or_default().split(',').filter_map(|text| text.trim().parse::<IpAddr>().ok()) {
        if !services.iter().any(|network| overlap(*network, host(address))) {
            let detail = format!("{address} is not an address of services.");
            refused.extend(Diagnostics::error_at(
                path("cluster_dns"),
                "The address of DNS is in no network of services",
                detail,
            ));
        }
    }
}

fn keys(distribution: Distribution, planned: &Value, refused: &mut Diagnostics) {
    let members = match planned.get("config") {
        Some(Value::Object(members)) => members.clone(),
        _ => BTreeMap::new(),
    };
    for (name, _) in members.iter().filter(|(_, value)| !value.is_null()) {
        if distribution.is_of_the_other(&name.replace('_', "-")) {
            let detail = format!("{} has no such key. Leave it out.", distribution.title());
            let path = at("config").attribute(name);
            refused.extend(Diagnostics::error_at(
                path,
                format!("`{name}` is no key of {}", distribution.title()),
                detail,
            ));
        }
    }
    let text = planned.get("config").and_then(|config| config.get("extra")).and_then(Value::as_str);
    for error in crate::config::refused(distribution, text) {
        refused.extend(Diagnostics::error_at(
            at("config").attribute("extra"),
            "A key cannot be set here",
            format!("{error}."),
        ));
    }
}

/// Variables that the proxy sets are not set twice.
fn variables(planned: &Value, refused: &mut Diagnostics) {
    let proxied = planned.get("proxy").is_some_and(|proxy| !proxy.is_null());
    let Some(Value::Map(given) | Value::Object(given)) = planned.get("environment").filter(|_| proxied)
    else {
        return;
    };
    for name in given.keys().filter(|name| {
        ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"].contains(&name.to_ascii_uppercase().as_str())
    }) {
        let detail = "`proxy` sets it, and completes what is reached without a proxy. Say it there.";
        let path = at("environment").key(name);
        refused.extend(Diagnostics::error_at(path, format!("{name} is set twice"), detail));
    }
}

fn versions(planned: &Value, version: &Version, prior: Option<&ClusterSpec>, refused: &mut Diagnostics) {
    let config = planned.get("config").cloned().unwrap_or(Value::Null);
    let ingress = config.get("ingress_controller").cloned().unwrap_or(Value::Null);
    if version.distribution == Distribution::Rke2
        && version.at_least(1, 36)
        && ingress.is_null()
        && !config.is_unknown()
    {
        refused.extend(Diagnostics::error_at(
            at("config").attribute("ingress_controller"),
            "What answers for ingresses must be said",
            "With 1.36 the default of RKE2 became `traefik` for new clusters, and older ones keep `ingress-nginx`: say which.",
        ));
    }
    let before = prior.and_then(|prior| prior.version.parse::<Version>().ok());
    if let Some(Err(skew)) = before.map(|before| allowed(&before, version)) {
        refused.extend(Diagnostics::error_at(
            at("version"),
            format!("The cluster cannot go to {version}"),
            format!("{skew}."),
        ));
    }
}

/// Keys that cannot be changed once there is a cluster, and what is usual.
const FIXED: [(&str, &str); 6] = [
    ("cni", "canal"),
    ("flannel_backend", "vxlan"),
    ("cluster_cidr", "10.42.0.0/16"),
    ("service_cidr", "10.43.0.0/16"),
    ("cluster_dns", ""),
    ("cluster_domain", "cluster.local"),
];

fn fixed(planned: &Value, prior: &ClusterSpec, refused: &mut Diagnostics) {
    let before = prior.config().to_object();
    for (key, usual) in FIXED {
        let now = planned.get("config").and_then(|config| config.get(key)).cloned().unwrap_or(Value::Null);
        if now.is_unknown() || planned.get("config").is_some_and(Value::is_unknown) {
            continue;
        }
        let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or(usual).to_owned();
        let (was, is) = (text(before.get(key)), text(Some(&now)));
        if was != is {
            let detail = format!(
                "It is {was:?} and {is:?} is asked for. It cannot be changed in a cluster that exists: make a new one beside it and move \
                 over, or set it back."
            );
            refused.extend(Diagnostics::error_at(
                at("config").attribute(key),
                format!("`{key}` cannot be changed"),
                detail,
            ));
        }
    }
}
