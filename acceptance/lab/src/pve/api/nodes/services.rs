//! Services and subscription of a node.

use serde_json::{Value, json};

use super::super::Route;
use crate::pve::call::Call;
use crate::pve::config::store::Section;
use crate::pve::reply::{Answer, Outcome, Refusal};
use crate::pve::storage::sha1_hex;
use crate::pve::tasks;

pub(super) const ROUTES: &[Route] = &[
    ("GET", "/nodes/{node}/services", list),
    ("GET", "/nodes/{node}/services/{service}", index),
    ("GET", "/nodes/{node}/services/{service}/state", state),
    ("POST", "/nodes/{node}/services/{service}/start", start),
    ("POST", "/nodes/{node}/services/{service}/stop", stop),
    ("POST", "/nodes/{node}/services/{service}/restart", restart),
    ("POST", "/nodes/{node}/services/{service}/reload", reload),
    ("GET", "/nodes/{node}/subscription", subscription),
    ("PUT", "/nodes/{node}/subscription", set_key),
    ("POST", "/nodes/{node}/subscription", check),
    ("DELETE", "/nodes/{node}/subscription", remove_key),
];

/// Services, with whether they run on a single node without a cluster.
const SERVICES: &[(&str, bool)] = &[
    ("corosync", false),
    ("pve-cluster", true),
    ("pve-firewall", false),
    ("pve-ha-crm", false),
    ("pve-ha-lrm", false),
    ("pvedaemon", true),
    ("pvefw-logger", false),
    ("pveproxy", true),
    ("pvescheduler", true),
    ("pvestatd", true),
    ("spiceproxy", false),
    ("sshd", false),
];

fn shown(call: &Call, name: &str, runs: bool) -> Value {
    let state = call.cluster.state();
    let told = state.config.section(&format!("nodes/{}", call.node()), &format!("service-{name}"));
    let runs = told.map_or(runs, |section| section.flag("runs"));
    json!({ "service": name, "name": name, "desc": format!("{name} (sandbox)"), "unit-state": "enabled",
            "state": if runs { "running" } else { "dead" },
            "active-state": if runs { "active" } else { "inactive" } })
}

fn list(call: &Call) -> Outcome {
    Ok(SERVICES.iter().map(|(name, runs)| shown(call, name, *runs)).collect::<Value>().into())
}

fn index(_: &Call) -> Outcome {
    let names = ["state", "start", "stop", "restart", "reload"];
    Ok(names.iter().map(|name| json!({ "subdir": name })).collect::<Value>().into())
}

fn find(call: &Call) -> Outcome<(&'static str, bool)> {
    let wanted = call.params.need("service")?;
    let found = SERVICES.iter().find(|(name, _)| *name == wanted).copied();
    found.ok_or_else(|| Refusal::died(format!("no such service '{wanted}'")))
}

fn state(call: &Call) -> Outcome {
    let (name, runs) = find(call)?;
    Ok(shown(call, name, runs).into())
}

/// A task that leaves a service running or not.
fn turn(call: &Call, kind: &str, runs: bool) -> Outcome {
    let (name, _) = find(call)?;
    let cluster = std::sync::Arc::clone(&call.cluster);
    let file = format!("nodes/{}", call.node());
    let upid = tasks::spawn(&call.cluster, &call.principal, call.node(), kind, name, move |worker| {
        worker.work()?;
        let mut section = Section::new("service");
        section.set("runs", if runs { "1" } else { "0" });
        cluster.state().config.file_mut(&file).insert(format!("service-{name}"), section);
        Ok(())
    });
    Ok(Answer::from(upid))
}

fn start(call: &Call) -> Outcome {
    turn(call, "srvstart", true)
}

fn stop(call: &Call) -> Outcome {
    turn(call, "srvstop", false)
}

fn restart(call: &Call) -> Outcome {
    turn(call, "srvrestart", true)
}

fn reload(call: &Call) -> Outcome {
    turn(call, "srvreload", true)
}

fn file(call: &Call) -> String {
    format!("nodes/{}", call.node())
}

fn subscription(call: &Call) -> Outcome {
    let server = sha1_hex(call.node().as_bytes()).to_uppercase();
    let server = server.get(..32).unwrap_or(&server);
    let state = call.cluster.state();
    let url = "https://www.proxmox.com/en/proxmox-virtual-environment/pricing";
    Ok(match state.config.section(&file(call), "subscription").and_then(|s| s.str("key")) {
        None => json!({ "status": "notfound", "serverid": server, "url": url,
                        "message": "There is no subscription key" }),
        // No shop stands behind this stand-in: a key is kept and never found good.
        Some(key) => json!({ "status": "invalid", "serverid": server, "url": url, "key": key,
                             "message": "No such key" }),
    }
    .into())
}

fn set_key(call: &Call) -> Outcome {
    let mut section = Section::new("subscription");
    section.set("key", call.params.need("key")?);
    call.cluster.state().config.file_mut(&file(call)).insert("subscription".into(), section);
    Ok(Answer::null())
}

fn check(_: &Call) -> Outcome {
    Ok(Answer::null())
}

fn remove_key(call: &Call) -> Outcome {
    call.cluster.state().config.file_mut(&file(call)).remove("subscription");
    Ok(Answer::null())
}
