//! Guests that change their node.

use hybridops_lab::NodeState;

use crate::client::{Client, lab};

#[tokio::test(flavor = "multi_thread")]
async fn a_container_moves_by_restart_with_its_volumes() {
    let lab = lab().await;
    let client = Client::new(&lab);
    client.container("100", &[("mp0", "local-lvm:1,mp=/data")]).await;
    let fingerprints = |node: &str| {
        ["local:100/vm-100-disk-0.raw", "local-lvm:vm-100-disk-0"].map(|v| lab.volume_fingerprint(node, v))
    };
    let before = fingerprints("pve1");
    assert!(before.iter().all(Option::is_some));
    let path = "/nodes/pve1/lxc/100/migrate";
    let (_, message) = client.refused("POST", path, &[("target", "pve2")]).await;
    assert_eq!(message, "can't migrate running container without --online or --restart");
    assert_eq!(client.task("POST", path, &[("target", "pve2"), ("online", "1")]).await, "migration aborted");
    assert_eq!(client.task("POST", path, &[("target", "pve2"), ("restart", "1")]).await, "OK");
    let guest = lab.guest(100).expect("there");
    assert_eq!((guest.node.as_str(), guest.running), ("pve2", true));
    assert_eq!(fingerprints("pve2"), before);
    assert!(fingerprints("pve1").iter().all(Option::is_none), "nothing is left behind");
    assert!(!guest.config.contains_key("lock"));
    let (_, message) = client.refused("GET", "/nodes/pve1/lxc/100/config", &[]).await;
    assert_eq!(message, "Configuration file 'nodes/pve1/lxc/100.conf' does not exist");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_moves_online_only_with_leave_to_copy_its_disks() {
    let lab = lab().await;
    let client = Client::new(&lab);
    let form = [("vmid", "100"), ("scsi0", "local:1"), ("start", "1")];
    assert_eq!(client.task("POST", "/nodes/pve1/qemu", &form).await, "OK");
    lab.write_volume("pve1", "local:100/vm-100-disk-0.raw", b"bytes").expect("written");
    let path = "/nodes/pve1/qemu/100/migrate";
    let look = client.ok("GET", path, &[]).await;
    assert_eq!((&look["running"], look["local_disks"].as_array().map(Vec::len)), (&1.into(), Some(1)));
    let (_, message) = client.refused("POST", path, &[("target", "pve2")]).await;
    assert_eq!(message, "can't migrate running VM without --online");
    let online = [("target", "pve2"), ("online", "1")];
    assert_eq!(client.task("POST", path, &online).await, "migration aborted");
    assert_eq!(lab.guest(100).expect("there").node, "pve1");
    let whole = [("target", "pve2"), ("online", "1"), ("with-local-disks", "1"), ("targetstorage", "shared")];
    assert_eq!(client.task("POST", path, &whole).await, "OK");
    let guest = lab.guest(100).expect("there");
    assert_eq!(guest.config["scsi0"], "shared:100/vm-100-disk-0.raw,size=1G");
    assert_eq!((guest.node.as_str(), guest.running), ("pve2", true));
    // What lies on shared storage moves without a copy.
    let path = "/nodes/pve2/qemu/100/migrate";
    assert_eq!(client.task("POST", path, &[("target", "pve3"), ("online", "1")]).await, "OK");
    assert!(lab.volumes().iter().all(|v| v.used_by == Some(100) && v.volid.starts_with("shared:")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_gone_hides_what_its_guests_do() {
    let lab = lab().await;
    let client = Client::new(&lab);
    lab.add_guest("lxc", "pve2", 200, &[("hostname", "far"), ("tags", "a")], true).expect("added");
    lab.set_node("pve2", NodeState::Offline);
    let (status, _) = client.call("GET", "/nodes/pve2/lxc/200/config", &[]).await;
    assert_eq!(status, 595);
    let index = client.ok("GET", "/cluster/resources?type=vm", &[]).await;
    assert_eq!((&index[0]["vmid"], &index[0]["status"]), (&200.into(), &"unknown".into()));
    assert!(index[0]["maxmem"].is_null());
    let storages = client.ok("GET", "/cluster/resources?type=storage", &[]).await;
    let dark = |item: &&serde_json::Value| item["status"] == "unknown";
    let list = storages.as_array().expect("a list");
    assert!(list.iter().filter(dark).all(|s| s["node"] == "pve2") && list.iter().any(|s| dark(&s)));
    lab.set_node("pve2", NodeState::Online);
    let index = client.ok("GET", "/cluster/resources?type=vm", &[]).await;
    assert_eq!(index[0]["status"], "running");
}
