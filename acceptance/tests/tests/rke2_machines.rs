//! A node on a virtual machine that Terraform makes: when the machine is replaced the node leaves before it goes, and joins
//! when the next one is there. The order is read from what others wrote down: the stand-in of Proxmox VE the requests and
//! tasks, etcd its members.

use std::time::Duration;

use acceptance_tests::kubernetes::{ACCEPTED, Distribution, Machine, Quorum, Scene};
use acceptance_tests::real::Declared;
use anyhow::{Context as _, Result, ensure};
use jiff::Timestamp;
use serde_json::{Value as Json, json};

const RKE2: Distribution = Distribution::Rke2;
const PROVIDER: &str = "provider \"hybridops\" {\n  proxmox = {}\n  ssh     = {}\n}\n";
const MACHINE: &str = "hybridops_proxmox_vm.c";

/// What happened when, in milliseconds since 1970.
type Happened = Vec<(i64, String)>;

/// The virtual machine, with this document for cloud-init.
fn virtual_machine(address: &str, user_data: &str) -> Declared {
    let network =
        json!({ "version": 2, "ethernets": { "eth0": { "addresses": [format!("{address}/24")] } } });
    Declared::new("hybridops_proxmox_vm", "c")
        .text("name", "c")
        .text("node", "pve1")
        .text("clone.template", "debian-12")
        .set("network.net0", "{ bridge = \"vmbr0\" }")
        .set("cloud_init.user_data", json!(user_data).to_string().replace("${", "$${"))
        .set("cloud_init.network_config", json!(network.to_string()).to_string())
        .text("cloud_init.storage", "shared")
        .text("power", "running")
}

/// What etcd wrote down of the member at this address, as a server that stays has it.
fn members(scene: &Scene, server: &Machine, address: &str) -> Result<Happened> {
    let log = scene.exec(server, "cat /var/lib/rancher/rke2/agent/logs/etcd.log")?;
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Json>(line).ok());
    let (mut happened, mut number) = (Happened::new(), String::new());
    for line in lines {
        let peer = line["added-peer-peer-urls"].to_string() + &line["removed-remote-peer-urls"].to_string();
        let what = match line["msg"].as_str() {
            Some("added member") if peer.contains(&format!("//{address}:")) => {
                line["added-peer-id"].as_str().unwrap_or_default().clone_into(&mut number);
                "etcd: a learner came"
            }
            Some("removed member") if line["removed-remote-peer-id"] == number.as_str() => {
                "etcd: the member went"
            }
            Some("promote member") if !number.is_empty() => "etcd: the member votes",
            _ => continue,
        };
        let time: Timestamp = line["ts"].as_str().context("a time")?.parse()?;
        happened.push((time.as_millisecond(), what.to_owned()));
    }
    Ok(happened)
}

/// What the stand-in of Proxmox VE was asked to do with virtual machines.
fn requests(scene: &Scene, since: u64) -> Result<Happened> {
    let asked = scene.lab.journal().since(since).into_iter();
    let meant = asked.filter(|entry| entry.method != "GET" && entry.path.contains("/qemu"));
    meant
        .map(|entry| {
            let what = match (entry.method.as_str(), entry.path.rsplit('/').next()) {
                ("DELETE", _) => "Proxmox VE: destroy",
                ("POST", Some("clone")) => "Proxmox VE: clone",
                ("POST", Some("start")) => "Proxmox VE: start",
                _ => "Proxmox VE: other",
            };
            Ok((i64::try_from(entry.time)?, what.to_owned()))
        })
        .collect()
}

#[test]
fn a_machine_that_is_replaced_leaves_before_it_goes() -> Result<()> {
    let Some(scene) = Scene::start("a_machine_that_is_replaced_leaves_before_it_goes")? else {
        return Ok(());
    };
    scene.template()?;
    let [a, b] = scene.machines(11, ["a", "b"])?;
    let seeded = scene.seed("c")?;
    let address = format!("{}.13", scene.real()?.network());
    // As it will be reached; its number is the stand-in's to choose.
    let c = Machine { name: "c".to_owned(), vmid: 0, address, host_key: seeded.host_key };
    let accepted: Vec<&str> = ACCEPTED.into_iter().chain(["iptables"]).collect();
    let block = format!(
        "{{ host = \"{}\", user = \"admin\", become = \"sudo\", host_keys = [\"{}\"] }}",
        c.address, c.host_key
    );
    let cluster = scene
        .cluster(RKE2, "v1.33.4", &[&a, &b])
        .set("servers", format!("{{ a = {}, b = {}, c = {block} }}", a.block(), b.block()))
        .set("preflight.accept", json!(accepted).to_string());
    let node = scene.server(RKE2, &c).set("machine", block).set("machine_id", format!("{MACHINE}.uuid"));
    let machine = virtual_machine(&c.address, &seeded.user_data);
    scene.ws.write("provider.tf", PROVIDER)?;
    scene.converge(&[&cluster, &machine, &scene.server(RKE2, &a), &scene.server(RKE2, &b), &node])?;
    scene.expect_voters(RKE2, &a, &[&a, &b, &c])?;
    let uuid = || scene.ws.state()?.get(MACHINE, "uuid").map(ToString::to_string);
    let (before, kept) = (uuid()?, members(&scene, &a, &c.address)?.len());
    scene.tell("two servers on containers and one on a virtual machine stand")?;

    let since = scene.lab.journal().all().last().map_or(0, |entry| entry.sequence);
    let quorum = Quorum::watch(&scene, RKE2, &[&a, &b])?;
    let replaced = scene.ws.run(&["apply", "-no-color", "-auto-approve", &format!("-replace={MACHINE}")])?;
    replaced.ok().with_context(|| scene.situation())?;
    let watched = quorum.end();
    scene.ws.expect_empty_plan()?;
    scene.expect_voters(RKE2, &a, &[&a, &b, &c])?;
    scene.expect_nodes(RKE2, &a, "v1.33.4", &[&a, &b, &c])?;
    ensure!(before != uuid()?, "it is the same machine");

    let mut happened = members(&scene, &a, &c.address)?.split_off(kept);
    happened.extend(requests(&scene, since)?);
    happened.sort();
    let order: Vec<&str> =
        happened.iter().map(|(_, what)| what.as_str()).filter(|what| *what != "Proxmox VE: other").collect();
    let begin = happened.first().map_or(0, |(at, _)| *at);
    for (at, what) in &happened {
        scene.tell(&format!(
            "{:6.2} s {what}",
            Duration::from_millis(u64::try_from(at - begin)?).as_secs_f64()
        ))?;
    }
    let expected = [
        "etcd: the member went",
        "Proxmox VE: destroy",
        "Proxmox VE: clone",
        "Proxmox VE: start",
        "etcd: a learner came",
        "etcd: the member votes",
    ];
    ensure!(order == expected, "the order was {order:#?}");
    scene.tell(&format!("meanwhile etcd was asked: {watched:?}"))?;
    watched.expect_kept(Duration::from_secs(10))?;
    ensure!(watched.fewest_voters >= 2, "{watched:?}");
    Ok(())
}
