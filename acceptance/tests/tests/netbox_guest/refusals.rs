//! What cannot work is refused before anything is written, and says why.

use anyhow::{Result, ensure};
use hybridops_lab::NetBoxVersion;
use serde_json::json;

use crate::scene::{ADDRESSES, INTERFACES, IT, MACHINES, WHOLE, scene};

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_is_refused_at_plan() -> Result<()> {
    let it = scene!(NetBoxVersion::V4_6);
    let interface = |arguments: &str| format!("interfaces = {{ eth0 = {{ {arguments} }} }}");
    let address = |arguments: &str| interface(&format!("addresses = [{{ {arguments} }}]"));
    let taken = it.insert(
        INTERFACES,
        json!({"name": "x", "virtual_machine":
        it.insert(MACHINES, json!({"name": "other", "cluster": it.cluster}))?}),
    )?;
    let taken = it.insert(
        ADDRESSES,
        json!({"address": "10.3.0.1/24", "assigned_object_id": taken,
        "assigned_object_type": "virtualization.vminterface"}),
    )?;
    it.forget_requests();
    for (arguments, says) in [
        ("role = \"nobody\"".to_owned(), "Reference matches nothing"),
        ("tenant = \"\"".to_owned(), "Not a reference"),
        ("tags = [\"nope\"]".to_owned(), "Reference matches nothing"),
        ("status = \"sleeping\"".to_owned(), "Unknown choice"),
        ("custom_fields = { nope = 1 }".to_owned(), "Unknown custom field"),
        ("vcpus = 0".to_owned(), "vcpus"),
        (interface("mac_address = \"02:00\""), "MAC address"),
        (interface("mode = \"nope\""), "Unknown choice"),
        (interface("untagged_vlan = \"servers\""), "untagged_vlan"),
        (interface("mode = \"tagged\"\ntagged_vlans = [\"nope\"]"), "Reference matches nothing"),
        (address("address = \"10.0.0.5/40\""), "10.0.0.5/24"),
        (address("dns_name = \"x\""), "address"),
        (address("id = 1\naddress = \"10.0.0.5/24\""), "address"),
        (address("id = 4711"), "Address does not exist"),
        (address(&format!("id = {taken}")), "assigned to something else"),
        (address("address = \"10.0.0.5/24\"\nrole = \"king\""), "Unknown choice"),
        (
            format!("primary_ip4 = \"10.9.9.9\"\n{}", address("address = \"10.0.0.5/24\"")),
            "none of the addresses",
        ),
        ("primary_ip4 = \"2001:db8::1\"".to_owned(), "other family"),
        ("disks = { a = { size = 0 } }".to_owned(), "size"),
    ] {
        it.declare(&arguments)?;
        it.ws.plan()?.fails()?.says(says)?;
    }
    it.ws.write("main.tf", "resource \"hybridops_netbox_guest\" \"it\" {\n name = \"x\"\n}\n")?;
    it.ws.plan()?.fails()?.says("The guest is nowhere")?;
    ensure!(it.writes().is_empty(), "{:?}", it.writes());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_the_server_does_not_have_is_refused_at_plan() -> Result<()> {
    let it = scene!(NetBoxVersion::V4_2);
    it.declare("start_on_boot = \"on\"")?;
    it.ws.plan()?.fails()?.says("does not have this field")?;
    ensure!(it.writes().is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changed_between_plan_and_apply_is_told() -> Result<()> {
    for version in crate::scene::VERSIONS {
        let it = scene!(version);
        it.declare(WHOLE)?;
        it.ws.apply()?.ok()?;
        it.declare(&WHOLE.replace("memory      = 4096", "memory = 1024"))?;
        it.ws.plan()?.ok()?;
        // Another field: that is their business.
        it.netbox().change(MACHINES, 1, json!({"local_context_data": {"a": 1}}))?;
        it.ws.apply_plan()?.ok()?;
        it.declare(&WHOLE.replace("memory      = 4096", "memory = 512"))?;
        it.ws.plan()?.ok()?;
        it.netbox().change(MACHINES, 1, json!({"memory": 99}))?;
        it.forget_requests();
        it.ws.apply_plan()?.fails()?.says("Someone changed memory")?;
        ensure!(it.writes().is_empty(), "{:?}", it.writes());
        ensure!(it.ws.state()?.get(IT, "memory")? == &json!(1024));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_of_the_server_keeps_what_was_made() -> Result<()> {
    for version in crate::scene::VERSIONS {
        let it = scene!(version);
        let other = it.insert(MACHINES, json!({"name": "other", "cluster": it.cluster}))?;
        let other = it.insert(INTERFACES, json!({"name": "x", "virtual_machine": other}))?;
        it.insert(
            ADDRESSES,
            json!({"address": "10.0.0.5/24", "assigned_object_id": other,
            "assigned_object_type": "virtualization.vminterface"}),
        )?;
        it.declare(WHOLE)?;
        it.ws.apply()?.fails()?.says("Duplicate IP address")?.says("Creating the address 10.0.0.5/24")?;
        ensure!(it.ws.state()?.get(IT, "id")?.is_u64(), "the machine is in the state");
        it.netbox().remove(INTERFACES, other)?;
        it.ws.apply()?.ok()?;
        it.ws.expect_empty_plan()?;
        it.ws.destroy()?.ok()?;
        ensure!(it.all(MACHINES).len() == 1 && it.all(ADDRESSES).is_empty());
    }
    Ok(())
}
