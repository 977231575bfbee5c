//! Machines: what a running one takes at once, what waits, and disks that change hands.

use crate::client::{Client, lab};

#[tokio::test(flavor = "multi_thread")]
async fn a_running_machine_keeps_what_it_cannot_plug() {
    let lab = lab().await;
    let client = Client::new(&lab);
    let form = [
        ("vmid", "100"),
        ("memory", "512"),
        ("scsi0", "local:1"),
        ("ide2", "none,media=cdrom"),
        ("start", "1"),
    ];
    assert_eq!(client.task("POST", "/nodes/pve1/qemu", &form).await, "OK");
    let config = "/nodes/pve1/qemu/100/config";
    client
        .ok("PUT", config, &[("memory", "1024"), ("name", "a"), ("scsi1", "local:1"), ("sata0", "local:1")])
        .await;
    let guest = lab.guest(100).expect("there");
    assert_eq!(guest.config["name"], "a");
    assert!(guest.config.contains_key("scsi1"), "plugged in");
    assert_eq!(guest.pending["memory"].as_deref(), Some("1024"));
    assert!(guest.pending["sata0"].as_deref().is_some_and(|v| v.starts_with("local:100/vm-100-disk-")));
    let pending = client.ok("GET", "/nodes/pve1/qemu/100/pending", &[]).await;
    let memory = pending.as_array().expect("a list").iter().find(|i| i["key"] == "memory").expect("told");
    assert_eq!((&memory["value"], &memory["pending"]), (&"512".into(), &"1024".into()));

    client.ok("PUT", config, &[("revert", "sata0")]).await;
    let guest = lab.guest(100).expect("there");
    assert!(!guest.pending.contains_key("sata0"));
    assert!(guest.config.contains_key("unused0"), "the volume made for it is kept");
    assert_eq!(client.task("POST", "/nodes/pve1/qemu/100/status/reboot", &[]).await, "OK");
    let guest = lab.guest(100).expect("there");
    assert_eq!((guest.config["memory"].as_str(), guest.pending.len()), ("1024", 0));

    client.ok("PUT", "/nodes/pve1/qemu/100/unlink", &[("idlist", "scsi1"), ("force", "1")]).await;
    let guest = lab.guest(100).expect("there");
    assert!(!guest.config.contains_key("scsi1") && !guest.config.contains_key("unused1"));
    assert!(lab.volumes().iter().all(|v| v.used_by == Some(100)), "{:?}", lab.volumes());
}

#[tokio::test(flavor = "multi_thread")]
async fn devices_of_the_host_are_roots() {
    let lab = lab().await;
    let (token, root) = (Client::new(&lab), Client::root(&lab).await);
    lab.add_guest("qemu", "pve1", 100, &[], false).expect("added");
    let config = "/nodes/pve1/qemu/100/config";
    for (key, value) in [("usb0", "host=1234:abcd"), ("hostpci0", "0000:01:00.0"), ("serial0", "/dev/ttyS0")]
    {
        let (_, message) = token.refused("PUT", config, &[(key, value)]).await;
        assert_eq!(message, format!("only root can set '{key}' config for real devices"));
        root.ok("PUT", config, &[(key, value)]).await;
    }
    for key in ["args", "arch"] {
        let value = if key == "arch" { "x86_64" } else { "-no-hpet" };
        let (_, message) = token.refused("PUT", config, &[(key, value)]).await;
        assert_eq!(message, format!("only root can set '{key}' config"));
    }
    token
        .ok("PUT", config, &[("usb1", "mapping=stick"), ("serial1", "socket"), ("startup", "order=1")])
        .await;
    let user = lab.add_token("ops@pve", "t");
    lab.grant("/vms", "ops@pve", "PVEVMAdmin");
    let user = Client::with(&lab, Some(user));
    let (status, message) = user.refused("PUT", config, &[("usb2", "mapping=stick")]).await;
    assert_eq!((status, message.contains("/mapping/usb/stick")), (403, true), "{message}");
    assert_eq!(user.refused("PUT", config, &[("startup", "order=2")]).await.0, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_changes_hands_with_its_bytes() {
    let lab = lab().await;
    let client = Client::new(&lab);
    for vmid in ["100", "101"] {
        let form = [("vmid", vmid), ("scsi0", "local:1"), ("scsi1", "local:1")];
        assert_eq!(client.task("POST", "/nodes/pve1/qemu", &form).await, "OK");
    }
    lab.write_volume("pve1", "local:100/vm-100-disk-1.raw", b"rows").expect("written");
    let bytes = lab.volume_fingerprint("pve1", "local:100/vm-100-disk-1.raw");
    let path = "/nodes/pve1/qemu/100/move_disk";
    let (_, message) = client.refused("POST", path, &[("disk", "scsi1"), ("target-vmid", "101")]).await;
    assert_eq!(message, "Target disk key 'scsi1' is already in use for VM '101'");
    let form = [("disk", "scsi1"), ("target-vmid", "101"), ("target-disk", "scsi5")];
    assert_eq!(client.task("POST", path, &form).await, "OK");
    assert!(!lab.guest(100).expect("there").config.contains_key("scsi1"));
    assert_eq!(lab.guest(101).expect("there").config["scsi5"], "local:101/vm-101-disk-2.raw,size=1G");
    assert_eq!(lab.volume_fingerprint("pve1", "local:101/vm-101-disk-2.raw"), bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_clones_of_one_template_share_its_lock() {
    let lab = lab().await;
    let client = Client::new(&lab);
    assert_eq!(
        client.task("POST", "/nodes/pve1/qemu", &[("vmid", "100"), ("scsi0", "local:1,format=qcow2")]).await,
        "OK"
    );
    assert_eq!(client.task("POST", "/nodes/pve1/qemu/100/template", &[]).await, "OK");
    let mut started = Vec::new();
    for vmid in 101..107 {
        let newid = vmid.to_string();
        started.push(client.ok("POST", "/nodes/pve1/qemu/100/clone", &[("newid", &newid)]).await);
    }
    for upid in &started {
        assert_eq!(client.exit(upid.as_str().expect("a UPID")).await, "OK");
    }
    // A template cannot go while something is built upon it.
    let end = client.task("DELETE", "/nodes/pve1/qemu/100", &[]).await;
    assert!(end.contains("is still in use by linked clone"), "{end}");
    // Somebody else's work on the source is waited for a second, and told in the task.
    let held = lab.hold_config_lock(100).expect("held");
    let end = client.task("POST", "/nodes/pve1/qemu/100/clone", &[("newid", "110")]).await;
    assert_eq!(end, "can't lock file '/var/lock/qemu-server/lock-100.conf' - got timeout");
    drop(held);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_index_shows_only_what_may_be_seen() {
    let lab = lab().await;
    lab.add_guest("qemu", "pve1", 100, &[("name", "a")], false).expect("added");
    lab.add_guest("lxc", "pve2", 101, &[("hostname", "b")], false).expect("added");
    let token = lab.add_token("ops@pve", "t");
    lab.grant("/vms/101", "ops@pve", "PVEAuditor");
    let client = Client::with(&lab, Some(token));
    let index = client.ok("GET", "/cluster/resources?type=vm", &[]).await;
    assert_eq!(index.as_array().map(Vec::len), Some(1));
    assert_eq!(index[0]["id"], "lxc/101");
    // What is hidden still has its number.
    let (status, _) = client.refused("GET", "/cluster/nextid?vmid=100", &[]).await;
    assert_eq!(status, 400);
    lab.revoke("/vms/101", "ops@pve");
    assert_eq!(client.ok("GET", "/cluster/resources?type=vm", &[]).await.as_array().map(Vec::len), Some(0));
}
