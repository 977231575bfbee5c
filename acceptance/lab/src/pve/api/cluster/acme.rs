//! ACME accounts, and what is known of authorities.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::Route;
use crate::pve::call::{Call, Param};
use crate::pve::config::store::Section;
use crate::pve::reply::{Answer, Outcome, Refusal};
use crate::pve::tasks;

pub(super) const ROUTES: &[Route] = &[
    ("GET", "/cluster/acme", index),
    ("GET", "/cluster/acme/account", list),
    ("POST", "/cluster/acme/account", register),
    ("GET", "/cluster/acme/account/{name}", read),
    ("PUT", "/cluster/acme/account/{name}", update),
    ("DELETE", "/cluster/acme/account/{name}", deactivate),
    ("GET", "/cluster/acme/tos", terms),
    ("GET", "/cluster/acme/meta", meta),
    ("GET", "/cluster/acme/directories", directories),
    ("GET", "/cluster/acme/challenge-schema", challenges),
];

/// File the accounts are kept in.
const FILE: &str = "acme/accounts";

/// Authorities: (name, directory, terms of service).
const AUTHORITIES: &[(&str, &str, &str)] = &[
    (
        "Let's Encrypt V2",
        "https://acme-v02.api.letsencrypt.org/directory",
        "https://letsencrypt.org/documents/LE-SA-v1.5-February-24-2025.pdf",
    ),
    (
        "Let's Encrypt V2 Staging",
        "https://acme-staging-v02.api.letsencrypt.org/directory",
        "https://letsencrypt.org/documents/LE-SA-v1.5-February-24-2025.pdf",
    ),
];

fn index(_: &Call) -> Outcome {
    let names = ["account", "tos", "meta", "directories", "plugins", "challenge-schema"];
    Ok(names.iter().map(|name| json!({ "name": name })).collect::<Value>().into())
}

fn directory(call: &Call) -> &str {
    let default = AUTHORITIES.first().map_or("", |(_, directory, _)| directory);
    call.params.str("directory").unwrap_or(default)
}

fn terms_of(directory: &str) -> Option<&'static str> {
    AUTHORITIES.iter().find(|(_, known, _)| *known == directory).map(|(_, _, terms)| *terms)
}

fn terms(call: &Call) -> Outcome {
    Ok(json!(terms_of(directory(call))).into())
}

fn meta(call: &Call) -> Outcome {
    Ok(json!({ "termsOfService": terms_of(directory(call)), "externalAccountRequired": 0 }).into())
}

fn directories(_: &Call) -> Outcome {
    Ok(AUTHORITIES.iter().map(|(name, url, _)| json!({ "name": name, "url": url })).collect::<Value>().into())
}

/// Some of the DNS services there are, each with the fields its plugin asks for.
fn challenges(_: &Call) -> Outcome {
    let known: &[(&str, &str, &[&str])] = &[
        ("acmedns", "acme-dns", &["ACMEDNS_BASE_URL", "ACMEDNS_SUBDOMAIN"]),
        ("cf", "Cloudflare Managed DNS", &["CF_Token", "CF_Account_ID"]),
        ("nsupdate", "RFC 2136 update", &["NSUPDATE_SERVER", "NSUPDATE_KEY"]),
        ("pdns", "PowerDNS server", &["PDNS_Url", "PDNS_Token"]),
    ];
    let shown = |(id, name, fields): &(&str, &str, &[&str])| {
        let fields: serde_json::Map<String, Value> =
            fields.iter().map(|f| ((*f).to_owned(), json!({ "type": "string" }))).collect();
        json!({ "id": id, "name": name, "type": "dns", "schema": { "name": name, "fields": fields } })
    };
    Ok(known.iter().map(shown).collect::<Value>().into())
}

fn name(call: &Call) -> &str {
    call.params.str("name").unwrap_or("default")
}

fn list(call: &Call) -> Outcome {
    let state = call.cluster.state();
    Ok(state.config.file(FILE).keys().map(|name| json!({ "name": name })).collect::<Value>().into())
}

fn missing(name: &str) -> Refusal {
    Refusal::param("name", format!("ACME account config file '{name}' does not exist."))
}

fn read(call: &Call) -> Outcome {
    let state = call.cluster.state();
    let account = state.config.section(FILE, name(call)).ok_or_else(|| missing(name(call)))?;
    let contacts = match account.fields.get("contact") {
        Some(Param::Many(contacts)) => contacts.clone(),
        _ => Vec::new(),
    };
    Ok(json!({
        "account": { "contact": contacts, "status": "valid", "createdAt": account.str("created"),
                     "key": { "kty": "RSA", "e": "AQAB" } },
        "directory": account.str("directory"),
        "location": account.str("location"),
        "tos": account.str("tos"),
    })
    .into())
}

fn contacts(call: &Call) -> Param {
    Param::Many(call.params.list("contact").iter().map(|address| format!("mailto:{address}")).collect())
}

/// Makes a key and registers it, by a task.
fn register(call: &Call) -> Outcome {
    let name = name(call).to_owned();
    if call.cluster.state().config.section(FILE, &name).is_some() {
        return Err(Refusal::param("name", format!("ACME account config file '{name}' already exists.")));
    }
    let mut account = Section::new("account");
    account.fields.insert("contact".into(), contacts(call));
    account.set("directory", directory(call));
    account.set("created", call.cluster.now_text());
    if let Some(terms) = call.params.str("tos_url") {
        account.set("tos", terms);
    }
    let host = directory(call).split('/').nth(2).unwrap_or_default().to_owned();
    account.set("location", format!("https://{host}/acme/acct/{}", call.cluster.next_pid()));
    let cluster = Arc::clone(&call.cluster);
    let upid = tasks::spawn(&call.cluster, &call.principal, &call.via, "acmeregister", "", move |worker| {
        worker.log("Generating ACME account key..");
        worker.log("Registering ACME account..");
        worker.work()?;
        let mut state = cluster.state();
        if state.silent_servers.contains(&host) {
            return Err(Refusal::died(format!("Registration failed: can't connect to {host}")));
        }
        if state.config.section(FILE, &name).is_some() {
            return Err(Refusal::died(format!("ACME account config file '{name}' already exists.")));
        }
        let location = account.str("location").unwrap_or_default().to_owned();
        state.config.file_mut(FILE).insert(name, account);
        drop(state);
        worker.log(format!("Registration successful, account URL: '{location}'"));
        Ok(())
    });
    Ok(Answer::from(upid))
}

/// A task that changes an account that is there.
fn change(
    call: &Call,
    kind: &str,
    work: impl FnOnce(&mut crate::pve::config::store::File, &str) + Send + 'static,
) -> Outcome {
    let name = name(call).to_owned();
    if call.cluster.state().config.section(FILE, &name).is_none() {
        return Err(missing(&name));
    }
    let cluster = Arc::clone(&call.cluster);
    let upid = tasks::spawn(&call.cluster, &call.principal, &call.via, kind, "", move |worker| {
        worker.work()?;
        let mut state = cluster.state();
        let file = state.config.file_mut(FILE);
        if !file.contains_key(&name) {
            return Err(Refusal::died(format!("ACME account config file '{name}' does not exist.")));
        }
        work(file, &name);
        Ok(())
    });
    Ok(Answer::from(upid))
}

fn update(call: &Call) -> Outcome {
    if call.params.list("contact").is_empty() {
        return change(call, "acmerefresh", |_, _| {});
    }
    let contacts = contacts(call);
    change(call, "acmeupdate", move |file, name| {
        if let Some(account) = file.get_mut(name) {
            account.fields.insert("contact".into(), contacts);
        }
    })
}

fn deactivate(call: &Call) -> Outcome {
    change(call, "acmedeactivate", |file, name| {
        file.remove(name);
    })
}
