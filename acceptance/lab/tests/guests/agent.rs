//! Agents: addresses by configuration, silence, and what is told otherwise.

use std::time::Duration;

use hybridops_lab::{AgentState, LabConfig};

use crate::client::{Client, lab, lab_with};

const CONFIG: &[(&str, &str)] = &[
    ("name", "web"),
    ("agent", "1"),
    ("net0", "virtio=BC:24:11:00:00:01,bridge=vmbr0"),
    ("ipconfig0", "ip=10.0.0.7/24,gw=10.0.0.1"),
];

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_tells_addresses_once_it_is_up() {
    let boot = Some(Duration::from_millis(400));
    let lab = lab_with(LabConfig { agent_boot: boot, ..LabConfig::default() }).await;
    let client = Client::new(&lab);
    lab.add_guest("qemu", "pve1", 100, CONFIG, true).expect("added");
    let path = "/nodes/pve1/qemu/100/agent/network-get-interfaces";
    let (status, message) = client.refused("GET", path, &[]).await;
    assert_eq!((status, message.as_str()), (500, "QEMU guest agent is not running"));
    tokio::time::sleep(Duration::from_millis(450)).await;
    let answer = client.ok("GET", path, &[]).await;
    let list = answer["result"].as_array().expect("a list");
    let eth0 = list.iter().find(|i| i["name"] == "eth0").expect("an interface");
    assert_eq!(eth0["hardware-address"], "bc:24:11:00:00:01");
    assert_eq!(eth0["ip-addresses"][0]["ip-address"], "10.0.0.7");
    assert_eq!(eth0["ip-addresses"][0]["prefix"], 24);

    let told = [("ens18".to_owned(), vec!["192.0.2.9/28".to_owned()])].into();
    assert!(lab.set_agent(100, Some(AgentState::Tells(told))));
    let answer = client.ok("GET", path, &[]).await;
    assert!(answer.to_string().contains("192.0.2.9"), "{answer}");
    lab.set_agent(100, Some(AgentState::Absent));
    assert_eq!(client.refused("GET", path, &[]).await.0, 500);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_agent_or_power_it_is_said_so() {
    let lab = lab().await;
    let client = Client::new(&lab);
    lab.add_guest("qemu", "pve1", 100, CONFIG, false).expect("added");
    lab.add_guest("qemu", "pve1", 101, &[], true).expect("added");
    let ping = |vmid: u32| format!("/nodes/pve1/qemu/{vmid}/agent/ping");
    assert_eq!(client.refused("POST", &ping(100), &[]).await.1, "VM 100 is not running");
    assert_eq!(client.refused("POST", &ping(101), &[]).await.1, "No QEMU guest agent configured");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_shows_its_interfaces_while_it_runs() {
    let lab = lab().await;
    let client = Client::new(&lab);
    client.container("100", &[]).await;
    let list = client.ok("GET", "/nodes/pve1/lxc/100/interfaces", &[]).await;
    assert_eq!((&list[1]["name"], &list[1]["inet"]), (&"eth0".into(), &"10.0.0.5/24".into()));
    assert_eq!(client.task("POST", "/nodes/pve1/lxc/100/status/stop", &[]).await, "OK");
    assert!(client.ok("GET", "/nodes/pve1/lxc/100/interfaces", &[]).await.is_null());
}
