//! Guests that HA has a hand on, and many at once.

use crate::client::{Client, lab, until};

#[tokio::test(flavor = "multi_thread")]
async fn ha_follows_what_is_asked_a_moment_later() {
    let lab = lab().await;
    let client = Client::new(&lab);
    client.container("100", &[("start", "0")]).await;
    let running = || lab.guest(100).is_some_and(|g| g.running);
    client.ok("POST", "/cluster/ha/resources", &[("sid", "ct:100"), ("max_restart", "2")]).await;
    until("HA starts it", running).await;
    let resource = client.ok("GET", "/cluster/ha/resources/ct:100", &[]).await;
    assert_eq!((&resource["state"], &resource["max_restart"]), (&"started".into(), &2.into()));

    let upid = client.ok("POST", "/nodes/pve1/lxc/100/status/stop", &[]).await;
    let upid = upid.as_str().expect("a UPID");
    assert!(upid.contains(":hastop:"), "{upid}");
    assert_eq!(client.exit(upid).await, "OK");
    assert_eq!(lab.guest(100).expect("there").ha.as_deref(), Some("stopped"));
    until("HA stops it", || !running()).await;
    let started = client.ok("POST", "/nodes/pve1/lxc/100/status/start", &[]).await;
    assert!(started.as_str().is_some_and(|u| u.contains(":hastart:")));
    until("HA starts it again", running).await;

    let moved = [("target", "pve2"), ("restart", "1")];
    assert_eq!(client.task("POST", "/nodes/pve1/lxc/100/migrate", &moved).await, "OK");
    until("HA moves it", || lab.guest(100).is_some_and(|g| g.node == "pve2")).await;
    let index = client.ok("GET", "/cluster/resources?type=vm", &[]).await;
    assert_eq!((&index[0]["hastate"], &index[0]["node"]), (&"started".into(), &"pve2".into()));

    until("the move is over", || lab.guest(100).is_some_and(|g| !g.config.contains_key("lock"))).await;
    lab.set_running(100, false);
    let (_, message) = client.refused("DELETE", "/nodes/pve2/lxc/100", &[]).await;
    assert_eq!(message, "unable to remove CT 100 - used in HA resources and purge parameter not set.");
    assert_eq!(client.task("DELETE", "/nodes/pve2/lxc/100?purge=1", &[]).await, "OK");
    assert_eq!(client.ok("GET", "/cluster/ha/resources", &[]).await.as_array().map(Vec::len), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fenced_node_gives_its_guests_away() {
    let lab = lab().await;
    let client = Client::new(&lab);
    lab.add_guest("qemu", "pve1", 100, &[("name", "a")], true).expect("added");
    lab.add_guest("qemu", "pve1", 101, &[("name", "b")], true).expect("added");
    client.ok("POST", "/cluster/ha/resources", &[("sid", "vm:100")]).await;
    assert_eq!(lab.fence_node("pve1"), [100]);
    assert_eq!(lab.guest(100).expect("there").node, "pve2");
    assert_eq!(lab.guest(101).expect("there").node, "pve1");
}

#[tokio::test(flavor = "multi_thread")]
async fn whole_nodes_start_stop_and_empty() {
    let lab = lab().await;
    let client = Client::new(&lab);
    for (vmid, onboot) in [(100, "1"), (101, "0")] {
        lab.add_guest("qemu", "pve1", vmid, &[("onboot", onboot)], false).expect("added");
    }
    let running = |vmid| lab.guest(vmid).is_some_and(|g| g.running);
    assert_eq!(client.task("POST", "/nodes/pve1/startall", &[]).await, "OK");
    assert_eq!((running(100), running(101)), (true, false));
    assert_eq!(client.task("POST", "/nodes/pve1/startall", &[("vms", "101")]).await, "OK");
    assert!(running(101));
    assert_eq!(client.task("POST", "/nodes/pve1/migrateall", &[("target", "pve3")]).await, "OK");
    assert!(lab.guests().iter().all(|g| g.node == "pve3" && g.running));
    assert_eq!(client.task("POST", "/nodes/pve3/stopall", &[]).await, "OK");
    assert_eq!((running(100), running(101)), (false, false));
}
