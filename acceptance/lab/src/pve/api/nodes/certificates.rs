//! Certificates of a node.

use serde_json::{Value, json};

use super::super::Route;
use crate::pve::call::Call;
use crate::pve::config::store::Section;
use crate::pve::reply::{Answer, Outcome, Refusal};
use crate::pve::storage::sha1_hex;
use crate::pve::tasks;

pub(super) const ROUTES: &[Route] = &[
    ("GET", "/nodes/{node}/certificates", index),
    ("GET", "/nodes/{node}/certificates/info", info),
    ("POST", "/nodes/{node}/certificates/custom", upload),
    ("DELETE", "/nodes/{node}/certificates/custom", remove),
    ("GET", "/nodes/{node}/certificates/acme", acme_index),
    ("POST", "/nodes/{node}/certificates/acme/certificate", order),
    ("PUT", "/nodes/{node}/certificates/acme/certificate", renew),
    ("DELETE", "/nodes/{node}/certificates/acme/certificate", revoke),
];

/// Name of the section with what was uploaded or ordered.
const CUSTOM: &str = "certificate";
const YEAR: u64 = 365 * 86_400;

fn file(call: &Call) -> String {
    format!("nodes/{}", call.node())
}

fn index(_: &Call) -> Outcome {
    Ok(json!([{ "name": "acme" }, { "name": "custom" }, { "name": "info" }]).into())
}

fn acme_index(_: &Call) -> Outcome {
    Ok(json!([{ "name": "certificate" }]).into())
}

/// A SHA-256 fingerprint made from text.
fn fingerprint(text: &str) -> String {
    let hex =
        format!("{}{}", sha1_hex(text.as_bytes()), sha1_hex(text.to_uppercase().as_bytes())).to_uppercase();
    let bytes: Vec<String> =
        hex.as_bytes().chunks(2).take(32).map(|pair| String::from_utf8_lossy(pair).into_owned()).collect();
    bytes.join(":")
}

fn custom(section: &Section) -> Value {
    let from = section.str("since").and_then(|s| s.parse::<u64>().ok()).unwrap_or_default();
    let names: Vec<&str> = section.str("names").unwrap_or_default().split(',').collect();
    json!({ "filename": "pveproxy-ssl.pem", "fingerprint": section.str("fingerprint"),
            "issuer": section.str("issuer"), "subject": format!("/CN={}", names.first().unwrap_or(&"")),
            "san": names, "notbefore": from, "notafter": from + YEAR / 4, "pem": section.str("pem"),
            "public-key-bits": 2048, "public-key-type": "rsaEncryption" })
}

fn info(call: &Call) -> Outcome {
    let state = call.cluster.state();
    let node = call.node();
    let known = state.nodes.get(node).map(|n| n.fingerprint.clone()).unwrap_or_default();
    let start = call.cluster.now().saturating_sub(86_400);
    let mut found = vec![
        json!({ "filename": "pve-root-ca.pem", "fingerprint": fingerprint("root"), "issuer": "/CN=Proxmox Virtual Environment",
                "subject": "/CN=Proxmox Virtual Environment", "notbefore": start, "notafter": start + 10 * YEAR,
                "san": [], "public-key-bits": 4096, "public-key-type": "rsaEncryption" }),
        json!({ "filename": "pve-ssl.pem", "fingerprint": known, "issuer": "/CN=Proxmox Virtual Environment",
                "subject": format!("/CN={node}.example.test"), "notbefore": start, "notafter": start + 2 * YEAR,
                "san": ["127.0.0.1", node], "public-key-bits": 2048, "public-key-type": "rsaEncryption" }),
    ];
    found.extend(state.config.section(&file(call), CUSTOM).map(custom));
    Ok(Value::from(found).into())
}

fn upload(call: &Call) -> Outcome {
    let pem = call.params.need("certificates")?;
    if !pem.contains("-----BEGIN CERTIFICATE-----") {
        return Err(Refusal::param("certificates", "invalid format - not a valid PEM certificate chain\n"));
    }
    let mut state = call.cluster.state();
    if state.config.section(&file(call), CUSTOM).is_some() && !call.params.flag("force") {
        return Err(Refusal::param("force", "Custom certificate file exists but 'force' is not set."));
    }
    let mut section = Section::new("custom");
    section.set("pem", pem);
    section.set("fingerprint", fingerprint(pem));
    section.set("issuer", "/CN=custom");
    section.set("names", call.node());
    section.set("since", call.cluster.now().to_string());
    let shown = custom(&section);
    state.config.file_mut(&file(call)).insert(CUSTOM.into(), section);
    Ok(shown.into())
}

fn remove(call: &Call) -> Outcome {
    call.cluster.state().config.file_mut(&file(call)).remove(CUSTOM);
    Ok(Answer::null())
}

/// Domains the node's options name for certificates.
fn domains(section: &Section) -> Vec<String> {
    let mut found = Vec::new();
    for (key, value) in &section.fields {
        let crate::pve::call::Param::One(text) = value else { continue };
        if key == "acme" {
            let list = text.split(',').find_map(|p| p.strip_prefix("domains="));
            found.extend(list.unwrap_or_default().split(';').filter(|d| !d.is_empty()).map(str::to_owned));
        } else if key.starts_with("acmedomain") {
            let first = text.split(',').next().unwrap_or_default();
            found.push(first.strip_prefix("domain=").unwrap_or(first).to_owned());
        }
    }
    found
}

/// Orders a certificate for the node's domains, by a task.
fn acme(call: &Call, kind: &str) -> Outcome {
    let state = call.cluster.state();
    let settings = state.config.section(&file(call), "config").cloned().unwrap_or_default();
    let account = settings
        .str("acme")
        .and_then(|text| text.split(',').find_map(|p| p.strip_prefix("account=")))
        .unwrap_or("default")
        .to_owned();
    let known = state.config.section("acme/accounts", &account).is_some();
    drop(state);
    let domains = domains(&settings);
    if domains.is_empty() {
        return Err(Refusal::died(format!("ACME settings for node '{}' missing!", call.node())));
    }
    let (name, cluster, node_file) =
        (call.node().to_owned(), std::sync::Arc::clone(&call.cluster), file(call));
    let upid = tasks::spawn(&call.cluster, &call.principal, &name, kind, "", move |worker| {
        if !known {
            return Err(Refusal::died(format!("ACME account config file '{account}' does not exist.")));
        }
        worker.log("Placing ACME order");
        worker.work()?;
        let mut section = Section::new("acme");
        let now = cluster.now();
        section.set("pem", "");
        section.set("fingerprint", fingerprint(&format!("{domains:?}{now}")));
        section.set("issuer", "/C=US/O=Let's Encrypt/CN=R10");
        section.set("names", domains.join(","));
        section.set("since", now.to_string());
        cluster.state().config.file_mut(&node_file).insert(CUSTOM.into(), section);
        worker.log("Setting pveproxy certificate and key");
        Ok(())
    });
    Ok(Answer::from(upid))
}

fn order(call: &Call) -> Outcome {
    let state = call.cluster.state();
    let there = state.config.section(&file(call), CUSTOM).is_some();
    drop(state);
    if there && !call.params.flag("force") {
        return Err(Refusal::param("force", "Custom certificate exists but 'force' is not set."));
    }
    acme(call, "acmenewcert")
}

fn renew(call: &Call) -> Outcome {
    let state = call.cluster.state();
    let there = state.config.section(&file(call), CUSTOM).is_some();
    drop(state);
    if !there {
        return Err(Refusal::died("No current (custom) certificate found, please order a new certificate!"));
    }
    acme(call, "acmerenew")
}

fn revoke(call: &Call) -> Outcome {
    let node_file = file(call);
    let cluster = std::sync::Arc::clone(&call.cluster);
    let upid = tasks::spawn(&call.cluster, &call.principal, call.node(), "acmerevoke", "", move |worker| {
        worker.log("Revoking old certificate");
        worker.work()?;
        cluster.state().config.file_mut(&node_file).remove(CUSTOM);
        Ok(())
    });
    Ok(Answer::from(upid))
}
