//! Backups that hold bytes, and guests restored from them.

use crate::client::{Client, lab};

async fn archive(client: &Client, vmid: &str, node: &str) -> String {
    let form =
        [("vmid", vmid), ("storage", "shared"), ("compress", "zstd"), ("notes-template", "of {{guestname}}")];
    assert_eq!(client.task("POST", &format!("/nodes/{node}/vzdump"), &form).await, "OK");
    let list = client.ok("GET", &format!("/nodes/{node}/storage/shared/content?content=backup"), &[]).await;
    assert_eq!(list.as_array().map(Vec::len), Some(1), "{list}");
    assert_eq!(list[0]["vmid"].to_string(), vmid);
    list[0]["volid"].as_str().expect("a volume id").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_comes_back_with_its_bytes() {
    let lab = lab().await;
    let client = Client::new(&lab);
    client.container("100", &[("mp0", "local:1,mp=/data,backup=1"), ("mp1", "local:1,mp=/scratch")]).await;
    lab.write_volume("pve1", "local:100/vm-100-disk-1.raw", b"rows").expect("written");
    let bytes = lab.volume_fingerprint("pve1", "local:100/vm-100-disk-1.raw");
    let volid = archive(&client, "100", "pve1").await;
    // On another node, as somebody else.
    let form = [
        ("vmid", "200"),
        ("ostemplate", &volid),
        ("restore", "1"),
        ("storage", "local-lvm"),
        ("unique", "1"),
        ("hostname", "copy"),
    ];
    assert_eq!(client.task("POST", "/nodes/pve2/lxc", &form).await, "OK");
    let guest = lab.guest(200).expect("there");
    assert_eq!(guest.config["hostname"], "copy");
    assert_eq!(guest.config["mp0"], "local-lvm:vm-200-disk-1,mp=/data,backup=1,size=1G");
    assert_eq!(guest.config["unprivileged"], "1");
    assert_eq!(lab.volume_fingerprint("pve2", "local-lvm:vm-200-disk-1"), bytes);
    let (_, message) = client.refused("POST", "/nodes/pve2/lxc", &form).await;
    assert_eq!(message, "CT 200 already exists on node 'pve2'");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_comes_back_with_its_bytes() {
    let lab = lab().await;
    let client = Client::new(&lab);
    let form = [
        ("vmid", "100"),
        ("name", "db"),
        ("scsi0", "local:1"),
        ("scsi1", "local:1,backup=0"),
        ("net0", "virtio,bridge=vmbr0"),
    ];
    assert_eq!(client.task("POST", "/nodes/pve1/qemu", &form).await, "OK");
    lab.write_volume("pve1", "local:100/vm-100-disk-0.raw", b"rows").expect("written");
    let bytes = lab.volume_fingerprint("pve1", "local:100/vm-100-disk-0.raw");
    let volid = archive(&client, "100", "pve1").await;
    let form = [("vmid", "200"), ("archive", volid.as_str()), ("storage", "local-lvm"), ("unique", "1")];
    assert_eq!(client.task("POST", "/nodes/pve2/qemu", &form).await, "OK");
    let (old, new) = (lab.guest(100).expect("there"), lab.guest(200).expect("there"));
    assert_eq!(new.config["scsi0"], "local-lvm:vm-200-disk-0,size=1G");
    assert_ne!(old.config["net0"], new.config["net0"]);
    assert_ne!(old.config["smbios1"], new.config["smbios1"]);
    assert_eq!(lab.volume_fingerprint("pve2", "local-lvm:vm-200-disk-0"), bytes);
    let shown = client.ok("GET", &format!("/nodes/pve1/vzdump/extractconfig?volume={volid}"), &[]).await;
    assert!(shown.as_str().is_some_and(|text| text.contains("name: db")), "{shown}");
    // A bad archive leaves nothing.
    let broken = lab.volume_place("pve1", &volid).expect("a place");
    std::fs::write(broken, "nonsense").expect("written");
    let form = [("vmid", "300"), ("archive", volid.as_str())];
    let end = client.task("POST", "/nodes/pve1/qemu", &form).await;
    assert!(end.starts_with("unable to restore VM 300 - "), "{end}");
    assert!(lab.guest(300).is_none());
}
