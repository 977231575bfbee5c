//! Disks, devices and machine types of a node; zones as the node sees them.

use serde_json::{Value, json};

use super::super::Route;
use crate::pve::call::Call;
use crate::pve::reply::{Answer, Outcome, Refusal};

pub(super) const ROUTES: &[Route] = &[
    ("GET", "/nodes/{node}/disks", disks_index),
    ("GET", "/nodes/{node}/disks/list", disks),
    ("GET", "/nodes/{node}/hardware", hardware_index),
    ("GET", "/nodes/{node}/hardware/pci", pci),
    ("GET", "/nodes/{node}/hardware/usb", usb),
    ("GET", "/nodes/{node}/capabilities", capabilities_index),
    ("GET", "/nodes/{node}/capabilities/qemu", qemu_index),
    ("GET", "/nodes/{node}/capabilities/qemu/machines", machines),
    ("GET", "/nodes/{node}/capabilities/qemu/cpu", processors),
    ("GET", "/nodes/{node}/sdn", sdn_index),
    ("GET", "/nodes/{node}/sdn/zones", zones),
    ("GET", "/nodes/{node}/sdn/zones/{zone}/content", zone_content),
    ("GET", "/nodes/{node}/replication", replications),
    ("GET", "/nodes/{node}/replication/{id}", replication_index),
    ("GET", "/nodes/{node}/replication/{id}/status", replication),
    ("GET", "/nodes/{node}/replication/{id}/log", replication_log),
    ("POST", "/nodes/{node}/replication/{id}/schedule_now", replicate),
    ("GET", "/nodes/{node}/sdn/zones/{zone}", zone_index),
];

fn names(key: &str, list: &[&str]) -> Outcome {
    Ok(list.iter().map(|name| json!({ key: name })).collect::<Value>().into())
}

fn disks_index(_: &Call) -> Outcome {
    names("name", &["list", "lvm", "lvmthin", "directory", "zfs", "smart", "initgpt", "wipedisk"])
}

fn hardware_index(_: &Call) -> Outcome {
    names("type", &["pci", "usb"])
}

fn capabilities_index(_: &Call) -> Outcome {
    names("name", &["qemu"])
}

fn qemu_index(_: &Call) -> Outcome {
    names("name", &["cpu", "machines"])
}

fn sdn_index(_: &Call) -> Outcome {
    names("name", &["zones"])
}

/// The one disk the recorded server had.
fn disks(_: &Call) -> Outcome {
    Ok(json!([{ "devpath": "/dev/vda", "size": 274_877_906_944_u64, "vendor": "0x1af4", "model": "unknown",
                "serial": "unknown", "wwn": "unknown", "type": "unknown", "health": "UNKNOWN", "wearout": "N/A",
                "rpm": -1, "gpt": 0, "used": "mounted", "mounted": 1, "osdid": -1, "osdid-list": null }])
    .into())
}

/// Devices to map: a network card and a graphics card.
fn pci(_: &Call) -> Outcome {
    let device = |id: &str, class: &str, device: &str, vendor: &str, name: &str, group: u8| {
        json!({ "id": id, "class": class, "device": device, "vendor": vendor, "device_name": name,
                "iommugroup": group, "subsystem_vendor": vendor, "subsystem_device": device })
    };
    Ok(json!([
        device("0000:00:01.0", "0x020000", "0x1237", "0x8086", "Ethernet Controller", 1),
        device("0000:00:02.0", "0x030000", "0x1111", "0x1234", "Graphics", 2),
    ])
    .into())
}

fn usb(_: &Call) -> Outcome {
    Ok(json!([{ "busnum": 1, "devnum": 2, "level": 1, "port": 0, "class": 0, "speed": "480", "usbpath": "1",
                "vendid": "1050", "prodid": "0407", "manufacturer": "Yubico", "product": "YubiKey" }])
    .into())
}

/// Machine types, newest first, each of both chipsets.
const MACHINES: &[&str] = &[
    "7.2", "7.1", "7.0", "6.2", "6.1", "6.0", "5.2", "5.1", "5.0", "4.2", "4.1+pve2", "4.1+pve1", "4.1",
    "4.0.1", "4.0", "3.1", "3.0", "2.9", "2.8", "2.7", "2.6", "2.5", "2.4", "2.12", "2.11", "2.10",
];

fn machines(_: &Call) -> Outcome {
    let shown = |kind: &str, version: &str| {
        let mut item = json!({ "type": kind, "id": format!("pc-{kind}-{version}"), "version": version });
        match version {
            "4.1+pve2" => item["changes"] = json!("Increases the number of SCSI drives supported."),
            "4.1+pve1" => item["changes"] = json!("Introduction of pveX versioning, no changes."),
            _ => {}
        }
        item
    };
    // The older chipset knows older versions, and not the one that was made for the newer.
    let old = ["2.3", "2.2", "2.1", "2.0", "1.7", "1.6", "1.5", "1.4"];
    let older = MACHINES.iter().filter(|v| **v != "4.0.1").chain(&old).map(|v| shown("i440fx", v));
    Ok(MACHINES.iter().map(|v| shown("q35", v)).chain(older).collect::<Value>().into())
}

fn processors(_: &Call) -> Outcome {
    let known = ["kvm64", "x86-64-v2", "x86-64-v2-AES", "x86-64-v3", "x86-64-v4", "host", "max"];
    Ok(known
        .iter()
        .map(|name| json!({ "name": name, "custom": 0, "vendor": "default" }))
        .collect::<Value>()
        .into())
}

fn zones(call: &Call) -> Outcome {
    let state = call.cluster.state();
    let on_node = |section: &crate::pve::config::store::Section| {
        section
            .str("nodes")
            .is_none_or(|nodes| crate::pve::schema::split_list(nodes).any(|n| n == call.node()))
    };
    let running = state.config.running("sdn/zones.cfg");
    let mut found = vec![json!({ "zone": "localnetwork", "status": "available" })];
    found.extend(
        running
            .iter()
            .filter(|(id, section)| {
                on_node(section) && state.may(&call.principal, &format!("/sdn/zones/{id}"), "SDN.Audit")
            })
            .map(|(id, _)| json!({ "zone": id, "status": "available" })),
    );
    Ok(Value::from(found).into())
}

fn zone_content(call: &Call) -> Outcome {
    let zone = call.params.need("zone")?;
    let state = call.cluster.state();
    let vnets = state.config.running("sdn/vnets.cfg").iter();
    let found: Vec<Value> = vnets
        .filter(|(_, vnet)| vnet.str("zone") == Some(zone))
        .map(|(id, _)| json!({ "vnet": id, "status": "available" }))
        .collect();
    Ok(Value::from(found).into())
}

/// Jobs of guests that are on the node, which never have anything to do.
fn replications(call: &Call) -> Outcome {
    let state = call.cluster.state();
    let wanted = call.params.str("guest");
    let jobs = state.config.file("replication.cfg").iter();
    let found: Vec<Value> = jobs
        .filter(|(_, job)| job.str("source") == Some(call.node()))
        .filter(|(id, _)| wanted.is_none_or(|w| id.split('-').next() == Some(w)))
        .map(|(id, job)| {
            let mut parts = id.split('-').map(|n| n.parse::<u32>().unwrap_or_default());
            json!({ "id": id, "guest": parts.next(), "jobnum": parts.next(), "type": job.kind,
                    "target": job.str("target"), "source": job.str("source"), "fail_count": 0, "last_sync": 0,
                    "last_try": 0, "next_sync": 0, "duration": 0, "vmtype": "qemu" })
        })
        .collect();
    Ok(Value::from(found).into())
}

fn replication_index(_: &Call) -> Outcome {
    names("name", &["schedule_now", "log", "status"])
}

fn zone_index(_: &Call) -> Outcome {
    names("subdir", &["content"])
}

fn replication_log(_: &Call) -> Outcome {
    Ok(Answer::page(json!([{ "n": 1, "t": "no content" }]), 1))
}

/// Nothing is copied, as volumes of a stand-in's nodes are not shared; the job is only looked up.
fn replicate(call: &Call) -> Outcome {
    replication(call).map(|_| Answer::null())
}

fn replication(call: &Call) -> Outcome {
    let id = call.params.need("id")?;
    let state = call.cluster.state();
    let job = state.config.section("replication.cfg", id);
    let job = job.ok_or_else(|| Refusal::died(format!("no such replication job '{id}'")))?;
    Ok(json!({ "id": id, "target": job.str("target"), "fail_count": 0, "last_sync": 0, "duration": 0 })
        .into())
}
