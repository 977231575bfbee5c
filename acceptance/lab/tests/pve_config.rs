//! Every family of configuration objects through its life, in both releases, and the habits that have no recording.

// A test fails where it must.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, clippy::indexing_slicing)]

use std::time::Duration;

use hybridops_lab::{Lab, LabConfig, Release};
use serde_json::{Value, json};

/// One kind of object.
struct Life {
    /// Paths of creation and of the object.
    create: &'static str,
    item: &'static str,
    /// What makes it.
    with: Value,
    /// What changes it, and what then is read.
    change: Value,
    then: Value,
    /// What is taken away, and gone then.
    clear: &'static str,
    /// Text of a second creation, of a read when it is gone.
    taken: &'static str,
    missing: &'static str,
    /// Release it is only in.
    only: Option<Release>,
}

fn life(create: &'static str, item: &'static str, with: Value) -> Life {
    Life {
        create,
        item,
        with,
        change: json!({}),
        then: json!({}),
        clear: "",
        taken: "already",
        missing: "does not exist",
        only: None,
    }
}

fn lives() -> Vec<Life> {
    vec![
        Life {
            change: json!({ "comment": "d" }),
            then: json!({ "comment": "d" }),
            ..life("/pools", "/pools/p1", json!({ "poolid": "p1", "comment": "c" }))
        },
        Life {
            change: json!({ "comment": "d" }),
            then: json!({ "comment": "d", "members": [] }),
            ..life("/access/groups", "/access/groups/g1", json!({ "groupid": "g1", "comment": "c" }))
        },
        Life {
            change: json!({ "privs": "VM.Audit" }),
            then: json!({ "VM.Audit": 1 }),
            ..life(
                "/access/roles",
                "/access/roles/R1",
                json!({ "roleid": "R1", "privs": "VM.Audit,VM.Clone" }),
            )
        },
        Life {
            change: json!({ "email": "b@example.test", "comment": "" }),
            then: json!({ "email": "b@example.test", "enable": 1, "expire": 0 }),
            missing: "no such user",
            ..life("/access/users", "/access/users/u@pve", json!({ "userid": "u@pve", "comment": "c" }))
        },
        Life {
            change: json!({ "comment": "corp", "port": 636, "mode": "ldaps" }),
            then: json!({ "type": "ldap", "comment": "corp", "port": 636, "mode": "ldaps", "server1": "ldap.test" }),
            clear: "comment,port",
            ..life(
                "/access/domains",
                "/access/domains/corp",
                json!({ "realm": "corp", "type": "ldap", "server1": "ldap.test", "base_dn": "dc=test",
                        "user_attr": "uid", "password": "canary", "default": 1 }),
            )
        },
        Life {
            change: json!({ "autocreate": 1, "scopes": "email profile" }),
            then: json!({ "type": "openid", "autocreate": 1, "client-id": "pve" }),
            clear: "autocreate",
            ..life(
                "/access/domains",
                "/access/domains/sso",
                json!({ "realm": "sso", "type": "openid", "issuer-url": "https://id.test", "client-id": "pve" }),
            )
        },
        Life {
            change: json!({ "nodes": "pve2,pve1:2", "restricted": 1, "comment": "c" }),
            then: json!({ "nodes": "pve1:2,pve2", "restricted": 1, "type": "group" }),
            clear: "restricted",
            missing: "no such ha group",
            only: Some(Release::V8_4),
            ..life("/cluster/ha/groups", "/cluster/ha/groups/g1", json!({ "group": "g1", "nodes": "pve1" }))
        },
        Life {
            change: json!({ "gateway": "10.1.0.2", "snat": 0 }),
            then: json!({ "cidr": "10.1.0.0/24", "gateway": "10.1.0.2", "snat": 0, "zone": "base", "vnet": "vn",
                          "dhcp-range": [] }),
            clear: "snat",
            ..life(
                "/cluster/sdn/vnets/vn/subnets",
                "/cluster/sdn/vnets/vn/subnets/base-10.1.0.0-24",
                json!({ "subnet": "10.1.0.0/24", "type": "subnet", "gateway": "10.1.0.1", "snat": 1 }),
            )
        },
        Life {
            change: json!({ "alias": "x", "isolate-ports": 1 }),
            then: json!({ "zone": "base", "alias": "x", "isolate-ports": 1, "type": "vnet" }),
            clear: "alias",
            ..life("/cluster/sdn/vnets", "/cluster/sdn/vnets/v1", json!({ "vnet": "v1", "zone": "base" }))
        },
        Life {
            change: json!({ "mtu": 1400, "nodes": "pve2,pve1" }),
            then: json!({ "type": "vlan", "bridge": "vmbr0", "mtu": 1400, "nodes": "pve1,pve2" }),
            clear: "mtu,nodes",
            ..life(
                "/cluster/sdn/zones",
                "/cluster/sdn/zones/z1",
                json!({ "zone": "z1", "type": "vlan", "bridge": "vmbr0" }),
            )
        },
        Life {
            change: json!({ "asn": 65001 }),
            then: json!({ "type": "bgp", "asn": 65001, "node": "pve1" }),
            ..life(
                "/cluster/sdn/controllers",
                "/cluster/sdn/controllers/bgp1",
                json!({ "controller": "bgp1", "type": "bgp", "node": "pve1", "asn": 65000, "peers": "10.0.0.1" }),
            )
        },
        Life {
            change: json!({ "url": "https://netbox.test/api/v2" }),
            then: json!({ "type": "netbox", "url": "https://netbox.test/api/v2" }),
            ..life(
                "/cluster/sdn/ipams",
                "/cluster/sdn/ipams/nb",
                json!({ "ipam": "nb", "type": "netbox", "url": "https://netbox.test/api", "token": "t" }),
            )
        },
        Life {
            change: json!({ "ttl": 60 }),
            then: json!({ "type": "powerdns", "ttl": 60 }),
            clear: "ttl",
            ..life(
                "/cluster/sdn/dns",
                "/cluster/sdn/dns/pdns",
                json!({ "dns": "pdns", "type": "powerdns", "url": "https://dns.test/api", "key": "k" }),
            )
        },
        Life {
            change: json!({ "schedule": "sun 02:00", "prune-backups": "keep-last=3", "mailto": "a@example.test" }),
            then: json!({ "schedule": "sun 02:00", "prune-backups": { "keep-last": "3" }, "enabled": 1, "all": 1 }),
            clear: "mailto",
            missing: "No such job",
            ..life(
                "/cluster/backup",
                "/cluster/backup/nightly",
                json!({ "id": "nightly", "schedule": "daily", "all": 1, "storage": "local", "mode": "snapshot" }),
            )
        },
        Life {
            change: json!({ "rate": 10, "comment": "c" }),
            then: json!({ "target": "pve2", "source": "pve1", "rate": 10, "guest": 100, "jobnum": 0, "type": "local" }),
            clear: "rate",
            missing: "no such replication job",
            ..life(
                "/cluster/replication",
                "/cluster/replication/100-0",
                json!({ "id": "100-0", "type": "local", "target": "pve2" }),
            )
        },
        Life {
            change: json!({ "schedule": "hourly", "comment": "c" }),
            then: json!({ "schedule": "hourly", "realm": "ldapx", "comment": "c" }),
            missing: "No such job",
            ..life(
                "/cluster/jobs/realm-sync/s1",
                "/cluster/jobs/realm-sync/s1",
                json!({ "realm": "ldapx", "schedule": "daily", "scope": "both" }),
            )
        },
        Life {
            change: json!({ "description": "nic", "mdev": 1 }),
            then: json!({ "map": ["node=pve1,path=0000:00:01.0,id=8086:1237"], "description": "nic", "mdev": 1 }),
            clear: "mdev",
            missing: "not found",
            ..life(
                "/cluster/mapping/pci",
                "/cluster/mapping/pci/nic",
                json!({ "id": "nic", "map": ["node=pve1,path=0000:00:01.0,id=8086:1237"] }),
            )
        },
        Life {
            change: json!({ "map": ["node=pve1,id=1050:0407", "node=pve2,id=1050:0407"] }),
            then: json!({ "map": ["node=pve1,id=1050:0407", "node=pve2,id=1050:0407"] }),
            missing: "not found",
            ..life(
                "/cluster/mapping/usb",
                "/cluster/mapping/usb/key",
                json!({ "id": "key", "map": ["node=pve1,id=1050:0407"] }),
            )
        },
        Life {
            change: json!({ "description": "share" }),
            then: json!({ "map": ["node=pve1,path=/srv"], "description": "share" }),
            clear: "description",
            missing: "not found",
            ..life(
                "/cluster/mapping/dir",
                "/cluster/mapping/dir/share",
                json!({ "id": "share", "map": ["node=pve1,path=/srv"] }),
            )
        },
        Life {
            change: json!({ "server": "metrics2.test", "port": 8089, "mtu": 1200 }),
            then: json!({ "type": "influxdb", "server": "metrics2.test", "port": 8089, "mtu": 1200 }),
            clear: "mtu",
            ..life(
                "/cluster/metrics/server/m1",
                "/cluster/metrics/server/m1",
                json!({ "type": "influxdb", "server": "metrics.test", "port": 8086, "token": "canary" }),
            )
        },
        Life {
            change: json!({ "data": "Yg==", "nodes": "pve1" }),
            then: json!({ "type": "dns", "plugin": "dns1", "api": "cf", "data": "Yg==" }),
            clear: "nodes",
            missing: "not defined",
            ..life(
                "/cluster/acme/plugins",
                "/cluster/acme/plugins/dns1",
                json!({ "id": "dns1", "type": "dns", "api": "cf", "data": "YQ==" }),
            )
        },
        Life {
            change: json!({ "server": "https://push2.test", "disable": 1 }),
            then: json!({ "server": "https://push2.test", "disable": 1, "name": "push", "origin": "user-created" }),
            clear: "disable",
            missing: "not found",
            ..life(
                "/cluster/notifications/endpoints/gotify",
                "/cluster/notifications/endpoints/gotify/push",
                json!({ "name": "push", "server": "https://push.test", "token": "canary" }),
            )
        },
        Life {
            change: json!({ "mailto": ["b@example.test"], "comment": "c" }),
            then: json!({ "mailto": ["b@example.test"], "server": "mail.test", "comment": "c" }),
            clear: "comment",
            missing: "not found",
            ..life(
                "/cluster/notifications/endpoints/smtp",
                "/cluster/notifications/endpoints/smtp/mail",
                json!({ "name": "mail", "server": "mail.test", "from-address": "pve@example.test",
                        "mailto": ["a@example.test"], "password": "canary", "username": "u" }),
            )
        },
        Life {
            change: json!({ "secret": ["name=key"], "body": "Yg==" }),
            then: json!({ "secret": ["name=key"], "url": "https://hook.test", "method": "post" }),
            clear: "body",
            missing: "not found",
            ..life(
                "/cluster/notifications/endpoints/webhook",
                "/cluster/notifications/endpoints/webhook/hook",
                json!({ "name": "hook", "url": "https://hook.test", "method": "post",
                        "secret": ["name=key,value=Y2FuYXJ5"] }),
            )
        },
        Life {
            change: json!({ "mode": "any", "target": ["mail-to-root"] }),
            then: json!({ "mode": "any", "target": ["mail-to-root"], "match-severity": ["error"] }),
            clear: "mode",
            missing: "not found",
            ..life(
                "/cluster/notifications/matchers",
                "/cluster/notifications/matchers/errors",
                json!({ "name": "errors", "match-severity": ["error"] }),
            )
        },
        Life {
            change: json!({ "content": "images", "nodes": "pve1", "krbd": 1 }),
            then: json!({ "content": "images", "nodes": "pve1", "krbd": 1, "shared": 1, "type": "rbd" }),
            clear: "krbd,nodes",
            ..life(
                "/storage",
                "/storage/ceph",
                json!({ "storage": "ceph", "type": "rbd", "monhost": "10.0.0.1", "pool": "vms", "keyring": "canary" }),
            )
        },
        Life {
            change: json!({ "options": "vers=4.2", "max-protected-backups": 5 }),
            then: json!({ "options": "vers=4.2", "path": "/mnt/pve/nas", "max-protected-backups": 5 }),
            clear: "options",
            ..life(
                "/storage",
                "/storage/nas",
                json!({ "storage": "nas", "type": "nfs", "server": "nas.test", "export": "/x", "content": "iso" }),
            )
        },
        Life {
            change: json!({ "cidr": "10.1.0.0/16", "comment": "c" }),
            then: json!({ "name": "net", "cidr": "10.1.0.0/16", "comment": "c", "ipversion": 4 }),
            missing: "no such alias",
            ..life(
                "/cluster/firewall/aliases",
                "/cluster/firewall/aliases/net",
                json!({ "name": "net", "cidr": "10.0.0.0/8" }),
            )
        },
        Life {
            change: json!({ "type": "bridge", "bridge_vlan_aware": 1, "cidr": "10.9.0.1/24" }),
            then: json!({ "bridge_vlan_aware": 1, "bridge_vids": "2-4094", "address": "10.9.0.1", "method": "static" }),
            missing: "interface does not exist",
            ..life(
                "/nodes/pve1/network",
                "/nodes/pve1/network/vmbr9",
                json!({ "iface": "vmbr9", "type": "bridge" }),
            )
        },
    ]
}

/// Whether everything wanted is there.
fn holds(found: &Value, wanted: &Value) -> bool {
    wanted.as_object().is_some_and(|w| w.iter().all(|(key, value)| found.get(key) == Some(value)))
}

async fn lab(release: Release) -> Lab {
    let nodes = vec!["pve1".to_owned(), "pve2".to_owned()];
    let task_duration = Duration::from_millis(1);
    let lab =
        Lab::start(LabConfig { release, nodes, task_duration, ..LabConfig::default() }).await.expect("a lab");
    let ok = |method: &str, path: &str, params: Value| {
        lab.call(method, path, &params).unwrap_or_else(|e| panic!("{method} {path}: {e}"))
    };
    ok("POST", "/cluster/sdn/zones", json!({ "zone": "base", "type": "simple" }));
    ok("POST", "/cluster/sdn/vnets", json!({ "vnet": "vn", "zone": "base" }));
    ok(
        "POST",
        "/access/domains",
        json!({ "realm": "ldapx", "type": "ldap", "server1": "l.test", "base_dn": "dc=x", "user_attr": "uid" }),
    );
    lab.add_guest("qemu", "pve1", 100, &[("name", "g")], false).expect("a guest");
    lab
}

#[tokio::test(flavor = "multi_thread")]
async fn every_object_lives_and_dies() {
    for release in [Release::V8_4, Release::V9] {
        let lab = lab(release).await;
        for life in lives().into_iter().filter(|l| l.only.is_none_or(|only| only == release)) {
            let told = |what: &str, outcome: Result<Value, String>| {
                outcome.unwrap_or_else(|e| panic!("{release:?}: {what} {}: {e}", life.item))
            };
            told("create", lab.call("POST", life.create, &life.with));
            let again = lab.call("POST", life.create, &life.with).expect_err("taken");
            assert!(again.contains(life.taken), "{}: {again}", life.item);
            let read = told("read", lab.call("GET", life.item, &json!({})));
            assert!(!read.to_string().contains("canary"), "{}: a secret is shown: {read}", life.item);
            if life.change != json!({}) {
                told("update", lab.call("PUT", life.item, &life.change));
            }
            let read = told("read", lab.call("GET", life.item, &json!({})));
            assert!(holds(&read, &life.then), "{release:?} {}: {read} is not {}", life.item, life.then);
            if !life.clear.is_empty() {
                let list: Vec<&str> = life.clear.split(',').collect();
                let mut change = json!({ "delete": life.clear });
                if life.item.contains("/notifications/") {
                    change["delete"] = json!(list);
                }
                // What every change of these has to carry.
                let always = match life.item {
                    item if item.contains("realm-sync") => json!({ "schedule": "daily" }),
                    item if item.contains("/metrics/") => json!({ "server": "m.test", "port": 1 }),
                    _ => json!({}),
                };
                for (key, value) in always.as_object().into_iter().flatten() {
                    change[key] = value.clone();
                }
                told("clear", lab.call("PUT", life.item, &change));
                let read = told("read", lab.call("GET", life.item, &json!({})));
                assert!(list.iter().all(|key| read.get(*key).is_none()), "{}: {read}", life.item);
            }
            let force = if life.item.contains("/replication/") { "?force=1" } else { "" };
            told("delete", lab.call("DELETE", &format!("{}{force}", life.item), &json!({})));
            let gone = lab.call("GET", life.item, &json!({})).expect_err("gone");
            assert!(gone.contains(life.missing), "{}: {gone}", life.item);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn options_a_type_does_not_know_are_refused() {
    let lab = lab(Release::V8_4).await;
    let refused = |path: &str, params: Value| lab.call("POST", path, &params).expect_err("refused");
    assert_eq!(
        refused("/storage", json!({ "storage": "dd", "type": "dir", "path": "/d", "vgname": "x" })),
        "unexpected property 'vgname'"
    );
    assert_eq!(
        refused("/cluster/sdn/zones", json!({ "zone": "zz", "type": "simple", "bridge": "vmbr0" })),
        "create sdn zone object failed: unexpected property 'bridge'"
    );
    assert!(
        refused("/storage", json!({ "storage": "dd", "type": "dir", "path": "relative" }))
            .contains("absolute path")
    );
    assert!(
        refused("/cluster/backup", json!({ "all": 1, "schedule": "whenever" }))
            .contains("invalid calendar event")
    );
    assert!(refused("/cluster/backup", json!({ "schedule": "daily" })).contains("vmid: property is missing"));
    let fixed = lab.call("PUT", "/storage/local-lvm", &json!({ "delete": "vgname" })).expect_err("required");
    assert_eq!(fixed, "update storage failed: unable to delete required option 'vgname'");
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_do_not_answer_fail() {
    let lab = lab(Release::V8_4).await;
    lab.set_server_silent("nas.test", true);
    let nas = json!({ "storage": "nas", "type": "nfs", "server": "nas.test", "export": "/x" });
    assert_eq!(
        lab.call("POST", "/storage", &nas).expect_err("silent"),
        "create storage failed: storage 'nas' is not online"
    );
    lab.set_server_silent("nas.test", false);
    lab.call("POST", "/storage", &nas).expect("answers again");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_network_waits_until_applied() {
    let lab = lab(Release::V9).await;
    let get = |path: &str| lab.call("GET", path, &json!({})).unwrap_or_else(|e| panic!("{path}: {e}"));
    assert_eq!(get("/cluster/sdn/zones/base?pending=1")["state"], "new");
    lab.call("PUT", "/cluster/sdn", &json!({})).expect("applied");
    assert_eq!(get("/cluster/sdn/zones/base?pending=1").get("state"), None);
    lab.call("PUT", "/cluster/sdn/zones/base", &json!({ "mtu": 1400 })).expect("changed");
    let pending = get("/cluster/sdn/zones/base?pending=1");
    assert_eq!((&pending["state"], &pending["pending"]), (&json!("changed"), &json!({ "mtu": 1400 })));
    assert_eq!(get("/cluster/sdn/zones/base?running=1").get("mtu"), None);
    lab.call("DELETE", "/cluster/sdn/vnets/vn", &json!({})).expect("deleted");
    let vnets = get("/cluster/sdn/vnets?pending=1");
    assert_eq!(vnets[0]["state"], "deleted");
    lab.call("POST", "/cluster/sdn/rollback", &json!({})).expect("taken back");
    assert_eq!(get("/cluster/sdn/vnets").as_array().map(Vec::len), Some(1));
    let token = lab.call("POST", "/cluster/sdn/lock", &json!({})).expect("held");
    let change = json!({ "mtu": 1300 });
    let refused = lab.call("PUT", "/cluster/sdn/zones/base", &change).expect_err("held by somebody else");
    assert!(refused.contains("invalid lock token"), "{refused}");
    lab.call("PUT", "/cluster/sdn/zones/base", &json!({ "mtu": 1300, "lock-token": token }))
        .expect("the holder may");
}

#[tokio::test(flavor = "multi_thread")]
async fn releases_differ() {
    let (old, new) = (lab(Release::V8_4).await, lab(Release::V9).await);
    let group = json!({ "group": "gg", "nodes": "pve1" });
    old.call("POST", "/cluster/ha/groups", &group).expect("8.4 has groups");
    let refused = new.call("POST", "/cluster/ha/groups", &group).expect_err("9 has rules");
    assert_eq!(refused, "cannot create group: ha groups have been migrated to rules");
    assert!(old.call("GET", "/cluster/ha/rules", &json!({})).is_err());
    assert_eq!(new.call("GET", "/cluster/ha/rules", &json!({})), Ok(json!([])));
    let roles = |lab: &Lab| lab.call("GET", "/access/roles/Administrator", &json!({})).expect("a role");
    assert_eq!(roles(&old)["VM.Monitor"], 1);
    assert_eq!(roles(&new).get("VM.Monitor"), None);
    let gluster = json!({ "storage": "gg", "type": "glusterfs", "server": "g.test", "volume": "v" });
    old.call("POST", "/storage", &gluster).expect("8.4 has GlusterFS");
    assert!(new.call("POST", "/storage", &gluster).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn firewalls_of_guests_and_vnets() {
    let lab = lab(Release::V8_4).await;
    let ok = |method: &str, path: &str, params: Value| {
        lab.call(method, path, &params).unwrap_or_else(|e| panic!("{method} {path}: {e}"))
    };
    let base = "/nodes/pve1/qemu/100/firewall";
    ok("PUT", &format!("{base}/options"), json!({ "enable": 1, "policy_in": "DROP" }));
    let options = ok("GET", &format!("{base}/options"), json!({}));
    assert_eq!((&options["enable"], &options["policy_in"]), (&json!(1), &json!("DROP")));
    ok("POST", &format!("{base}/ipset"), json!({ "name": "admins" }));
    ok("POST", &format!("{base}/ipset/admins"), json!({ "cidr": "10.0.0.1/32" }));
    let rule =
        json!({ "type": "in", "action": "ACCEPT", "source": "+guest/admins", "iface": "net0", "enable": 1 });
    ok("POST", &format!("{base}/rules"), rule);
    let refused =
        lab.call("POST", &format!("{base}/rules"), &json!({ "type": "forward", "action": "ACCEPT" }));
    assert!(refused.expect_err("not for guests").contains("invalid rule type"));
    let rules = ok("GET", &format!("{base}/rules"), json!({}));
    assert_eq!((&rules[0]["pos"], &rules[0]["source"]), (&json!(0), &json!("+guest/admins")));
    let references = ok("GET", &format!("{base}/refs"), json!({}));
    assert_eq!(references[0]["ref"], "+guest/admins");
    ok("POST", "/cluster/sdn/vnets/vn/firewall/rules", json!({ "type": "forward", "action": "DROP" }));
    ok("PUT", "/nodes/pve1/firewall/options", json!({ "nf_conntrack_max": 65536, "enable": 0 }));
    assert_eq!(ok("GET", "/nodes/pve1/firewall/options", json!({}))["nf_conntrack_max"], 65536);
    let inside = lab.firewalls();
    assert_eq!(inside["guest/100"]["ipsets"]["admins"]["entries"][0]["cidr"], "10.0.0.1");
    assert_eq!(inside["vnet/vn"]["rules"][0]["action"], "DROP");
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_change_what_they_say() {
    let lab = lab(Release::V8_4).await;
    let account = json!({ "name": "le", "contact": "a@example.test,b@example.test" });
    let upid = lab.call("POST", "/cluster/acme/account", &account).expect("a task");
    wait(&lab, &upid).await;
    let read = lab.call("GET", "/cluster/acme/account/le", &json!({})).expect("registered");
    assert_eq!(read["account"]["contact"], json!(["mailto:a@example.test", "mailto:b@example.test"]));
    lab.set_directory("ldapx", &["ann"], &[("ops", &["ann"])]);
    let upid = lab.call("POST", "/access/domains/ldapx/sync", &json!({ "scope": "both" })).expect("a task");
    wait(&lab, &upid).await;
    let user = lab.call("GET", "/access/users/ann@ldapx", &json!({})).expect("taken over");
    assert_eq!(user["groups"], json!(["ops-ldapx"]));
    lab.call("POST", "/nodes/pve1/network", &json!({ "iface": "vmbr3", "type": "bridge" })).expect("waits");
    let upid = lab.call("PUT", "/nodes/pve1/network", &json!({})).expect("a task");
    wait(&lab, &upid).await;
    let bridge = lab.call("GET", "/nodes/pve1/network/vmbr3", &json!({})).expect("in force");
    assert_eq!(bridge["active"], 1);
}

async fn wait(lab: &Lab, upid: &Value) {
    let upid = upid.as_str().expect("a task");
    let node = upid.split(':').nth(1).expect("a node");
    let path = format!(
        "/nodes/{node}/tasks/{}/status",
        upid.replace(':', "%3A").replace('@', "%40").replace('!', "%21")
    );
    for _ in 0..200 {
        let status = lab.call("GET", &path, &json!({})).expect("a status");
        if status["status"] == "stopped" {
            assert_eq!(status["exitstatus"], "OK", "{upid}");
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{upid} does not end");
}

/// Statuses, as clients see them: by HTTP, with a token that may little.
#[tokio::test(flavor = "multi_thread")]
async fn statuses_and_permissions() {
    let lab = lab(Release::V8_4).await;
    let ca = reqwest::Certificate::from_pem(lab.ca_certificate().as_bytes()).expect("a certificate");
    let client = reqwest::Client::builder().add_root_certificate(ca).build().expect("a client");
    let url = |path: &str| format!("{}/api2/json{path}", lab.endpoints()[0]);
    let root = format!("PVEAPIToken={}", lab.api_token());
    let few = format!("PVEAPIToken={}", lab.add_token("few@pve", "t"));
    let status = async |token: &str, path: &str| {
        client
            .get(url(path))
            .header("Authorization", token)
            .send()
            .await
            .expect("an answer")
            .status()
            .as_u16()
    };
    assert_eq!(status(&root, "/cluster/notifications/endpoints/gotify/none").await, 404);
    assert_eq!(status(&root, "/cluster/backup/none").await, 400);
    assert_eq!(status(&root, "/storage/none").await, 500);
    assert_eq!(status(&root, "/nodes/pve1/ceph/status").await, 501);
    assert_eq!(status(&few, "/storage/none").await, 403);
    assert_eq!(status(&few, "/cluster/firewall/rules").await, 403);
    assert_eq!(status(&few, "/cluster/sdn/zones").await, 200);
    let zones =
        client.get(url("/cluster/sdn/zones")).header("Authorization", &few).send().await.expect("an answer");
    assert_eq!(zones.json::<Value>().await.expect("JSON")["data"], json!([]));
    let form = client
        .post(url("/cluster/mapping/usb"))
        .header("Authorization", &root)
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body("id=key&map=node%3Dpve1%2Cid%3D1050%3A0407&map=node%3Dpve2%2Cid%3D1050%3A0407");
    assert_eq!(form.send().await.expect("an answer").status().as_u16(), 200);
    assert_eq!(lab.config()["usb_mapping"]["key"]["map"].as_array().map(Vec::len), Some(2));
    let stale = client
        .put(url("/cluster/notifications/matchers/default-matcher"))
        .header("Authorization", &root)
        .json(&json!({ "comment": "x", "digest": "0".repeat(40) }));
    let answer = stale.send().await.expect("an answer");
    assert_eq!(answer.status().as_u16(), 400);
    assert!(answer.text().await.expect("text").contains("detected modified configuration"));
}
