//! Containers: volumes that keep their bytes, changes that wait, what only root may.

use crate::client::{Client, TEMPLATE, lab};

#[tokio::test(flavor = "multi_thread")]
async fn a_mount_is_added_grown_moved_detached_and_keeps_its_bytes() {
    let lab = lab().await;
    let client = Client::new(&lab);
    client.container("100", &[]).await;
    client.ok("PUT", "/nodes/pve1/lxc/100/config", &[("mp0", "local:1,mp=/data,backup=1")]).await;
    let volid = "local:100/vm-100-disk-1.raw";
    let config = client.ok("GET", "/nodes/pve1/lxc/100/config", &[]).await;
    assert_eq!(config["mp0"], format!("{volid},mp=/data,backup=1,size=1G"));
    lab.write_volume("pve1", volid, b"rows of a database").expect("written");
    let bytes = lab.volume_fingerprint("pve1", volid).expect("a fingerprint");

    let grow = [("disk", "mp0"), ("size", "2G")];
    assert_eq!(client.task("PUT", "/nodes/pve1/lxc/100/resize", &grow).await, "OK");
    assert_eq!(lab.volume_fingerprint("pve1", volid).as_ref(), Some(&bytes));

    client.ok("PUT", "/nodes/pve1/lxc/100/config", &[("delete", "mp0")]).await;
    assert_eq!(lab.guest(100).expect("there").pending.get("mp0"), Some(&None), "waits while it runs");
    assert_eq!(client.task("POST", "/nodes/pve1/lxc/100/status/shutdown", &[]).await, "OK");
    assert_eq!(lab.guest(100).expect("there").config["unused0"], volid);
    let again = format!("{volid},mp=/srv");
    client.ok("PUT", "/nodes/pve1/lxc/100/config", &[("mp0", &again)]).await;
    let guest = lab.guest(100).expect("there");
    assert!(!guest.config.contains_key("unused0"), "{:?}", guest.config);

    let elsewhere = [("volume", "mp0"), ("storage", "local-lvm"), ("delete", "1")];
    assert_eq!(client.task("POST", "/nodes/pve1/lxc/100/move_volume", &elsewhere).await, "OK");
    assert_eq!(lab.guest(100).expect("there").config["mp0"], "local-lvm:vm-100-disk-0,mp=/srv,size=2G");
    assert_eq!(lab.volume_fingerprint("pve1", "local-lvm:vm-100-disk-0"), Some(bytes.clone()));
    assert!(lab.volumes().iter().all(|v| v.used_by == Some(100)), "{:?}", lab.volumes());

    client.container("101", &[]).await;
    let hand_over = [("volume", "mp0"), ("target-vmid", "101"), ("target-volume", "mp3")];
    assert_eq!(client.task("POST", "/nodes/pve1/lxc/100/move_volume", &hand_over).await, "OK");
    assert!(!lab.guest(100).expect("there").config.contains_key("mp0"));
    assert_eq!(lab.guest(101).expect("there").config["mp3"], "local-lvm:vm-101-disk-0,mp=/srv,size=2G");
    assert_eq!(lab.volume_fingerprint("pve1", "local-lvm:vm-101-disk-0"), Some(bytes));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_root_with_a_ticket_binds_and_passes_through() {
    let lab = lab().await;
    let (token, root) = (Client::new(&lab), Client::root(&lab).await);
    token.container("100", &[("features", "nesting=1")]).await;
    let path = "/nodes/pve1/lxc/100/config";
    for (key, value, text) in [
        ("mp0", "/srv,mp=/host", "mount point type bind is only allowed for root@pam"),
        ("mp0", "/dev/sdz,mp=/host", "mount point type device is only allowed for root@pam"),
        ("dev0", "/dev/fuse", "configuring device passthrough is only allowed for root@pam"),
        (
            "features",
            "nesting=1,fuse=1",
            "changing feature flags (except nesting) is only allowed for root@pam",
        ),
        ("hookscript", "local:snippets/a.sh", "changing the hookscript is only allowed for root@pam"),
    ] {
        let (status, message) = token.refused("PUT", path, &[(key, value)]).await;
        assert_eq!((status, message), (403, format!("Permission check failed ({text})")));
        root.ok("PUT", path, &[(key, value)]).await;
    }
    let (_, message) = root.refused("PUT", path, &[("unprivileged", "0")]).await;
    assert_eq!(message, "unable to modify read-only option: 'unprivileged'");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clone_locks_its_source_and_frees_it_again() {
    let lab = lab().await;
    let client = Client::new(&lab);
    client.container("100", &[("start", "0")]).await;
    let upid = client.ok("POST", "/nodes/pve1/lxc/100/clone", &[("newid", "101"), ("full", "1")]).await;
    let (status, message) =
        client.refused("POST", "/nodes/pve1/lxc/100/clone", &[("newid", "102"), ("full", "1")]).await;
    assert_eq!((status, message.as_str()), (500, "CT is locked (disk)"));
    assert_eq!(client.exit(upid.as_str().expect("a UPID")).await, "OK");
    assert!(!lab.guest(100).expect("there").config.contains_key("lock"));
    assert!(lab.guest(102).is_none());
    let mac = |vmid| lab.guest(vmid).expect("there").config["net0"].clone();
    assert_ne!(mac(100), mac(101));
    let bytes = |id: u32| lab.volume_fingerprint("pve1", &format!("local:{id}/vm-{id}-disk-0.raw"));
    assert_eq!(bytes(100), bytes(101));
}

#[tokio::test(flavor = "multi_thread")]
async fn thin_volumes_are_linked_and_snapshot() {
    let lab = lab().await;
    let client = Client::new(&lab);
    client.container("100", &[("rootfs", "local-lvm:1"), ("start", "0")]).await;
    let volid = "local-lvm:vm-100-disk-0";
    let before = lab.volume_fingerprint("pve1", volid);
    let path = "/nodes/pve1/lxc/100/snapshot";
    assert_eq!(client.task("POST", path, &[("snapname", "s1"), ("description", "d")]).await, "OK");
    lab.write_volume("pve1", volid, b"spoilt").expect("written");
    assert_ne!(lab.volume_fingerprint("pve1", volid), before);
    assert_eq!(client.task("POST", &format!("{path}/s1/rollback"), &[]).await, "OK");
    assert_eq!(lab.volume_fingerprint("pve1", volid), before);
    let list = client.ok("GET", path, &[]).await;
    assert_eq!(list.as_array().map(Vec::len), Some(2), "{list}");
    assert_eq!(client.task("DELETE", &format!("{path}/s1"), &[]).await, "OK");

    client.ok("POST", "/nodes/pve1/lxc/100/template", &[]).await;
    crate::client::until("it is a template", || lab.guest(100).is_some_and(|g| g.template)).await;
    assert_eq!(client.task("POST", "/nodes/pve1/lxc/100/clone", &[("newid", "101")]).await, "OK");
    assert_eq!(lab.guest(101).expect("there").config["rootfs"], "local-lvm:vm-101-disk-0,size=1G");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_create_leaves_nothing() {
    let lab = lab().await;
    let client = Client::new(&lab);
    let form = [("vmid", "100"), ("ostemplate", "local:vztmpl/none.tar.zst"), ("rootfs", "local:1")];
    let end = client.task("POST", "/nodes/pve1/lxc", &form).await;
    assert_eq!(end, "unable to create CT 100 - volume 'local:vztmpl/none.tar.zst' does not exist");
    assert!(lab.guest(100).is_none() && lab.volumes().is_empty());
    let form = [("vmid", "100"), ("ostemplate", TEMPLATE), ("rootfs", "local:1")];
    assert_eq!(client.task("POST", "/nodes/pve1/lxc", &form).await, "OK");
    assert_eq!(lab.guest(100).expect("there").config["hostname"], "CT100");
    let pool = [("poolid", "p")];
    client.ok("POST", "/pools", &pool).await;
    client.ok("PUT", "/pools", &[("poolid", "p"), ("vms", "100")]).await;
    assert_eq!(client.task("DELETE", "/nodes/pve1/lxc/100?purge=1", &[]).await, "OK");
    assert!(lab.guests().is_empty() && lab.volumes().is_empty());
}
