//! Making, changing, drifting, and going.

use anyhow::{Result, ensure};
use hybridops_lab::NetBoxVersion;
use serde_json::json;

use crate::scene::{
    ADDRESSES, DISKS, INTERFACES, IT, MACHINES, MACS, OTHER, OTHER_PICTURE, VERSIONS, WHOLE, WHOLE_PICTURE,
    scene,
};

#[tokio::test(flavor = "multi_thread")]
async fn made_changed_and_deleted() -> Result<()> {
    for version in [NetBoxVersion::V4_6, NetBoxVersion::V4_2, NetBoxVersion::V4_1, NetBoxVersion::V4_7] {
        let it = scene!(version);
        it.declare(WHOLE)?;
        it.ws.apply()?.ok()?;
        it.expect_picture(WHOLE_PICTURE)?;
        it.ws.expect_empty_plan()?;
        let state = it.ws.state()?;
        ensure!(state.get(IT, "disk")? == &json!(30000), "{:?}", state.get(IT, "disk"));
        ensure!(state.get(IT, "primary_ip4")? == &json!("10.0.0.5/24"));
        let id = state.get(IT, "address_ids")?["10.0.0.6/24"].clone();
        ensure!(id.is_u64(), "{:?}", state.get(IT, "address_ids"));
        it.declare(OTHER)?;
        let plan = it.ws.planned()?;
        plan.expect(&[(IT, "update")])?;
        ensure!(
            plan.change(IT)?.after("primary_ip4") == &json!("10.0.0.7/24"),
            "the plan tells the primary address"
        );
        it.ws.apply_plan()?.ok()?;
        it.expect_picture(OTHER_PICTURE)?;
        let state = it.ws.state()?;
        ensure!(state.get(IT, "address_ids")?["10.0.0.6/24"] == id, "an address that moves keeps its id");
        ensure!(state.get(IT, "disk")? == &json!(30000));
        it.ws.expect_empty_plan()?;
        it.declare("")?;
        it.ws.apply()?.ok()?;
        it.expect_picture(&[])?;
        let machine = it.machine()?;
        ensure!(machine["tenant"].is_null() && machine["memory"].is_null() && machine["description"] == "");
        ensure!(it.ws.state()?.get(IT, "disk")? == &machine["disk"]);
        it.ws.expect_empty_plan()?;
        it.declare(WHOLE)?;
        it.ws.apply()?.ok()?;
        it.expect_picture(WHOLE_PICTURE)?;
        it.ws.destroy()?.ok()?;
        it.expect_nothing(0)?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn drift_is_seen_and_put_right() -> Result<()> {
    for version in VERSIONS {
        let it = scene!(version);
        it.declare(WHOLE)?;
        it.ws.apply()?.ok()?;
        let netbox = it.netbox();
        let id = |kind: &str, nth: usize| it.all(kind)[nth]["id"].as_u64().unwrap_or_default();
        netbox.change(
            MACHINES,
            id(MACHINES, 0),
            json!({"memory": 1, "primary_ip4": null, "description": "x"}),
        )?;
        netbox.change(INTERFACES, id(INTERFACES, 0), json!({"mtu": 9000, "primary_mac_address": null}))?;
        netbox.change(ADDRESSES, id(ADDRESSES, 0), json!({"dns_name": "other.example.com"}))?;
        netbox.remove(ADDRESSES, id(ADDRESSES, 2))?;
        netbox.remove(DISKS, id(DISKS, 1))?;
        netbox.remove(INTERFACES, id(INTERFACES, 1))?;
        it.ws.planned()?.expect(&[(IT, "update")])?;
        it.ws.apply_plan()?.ok()?;
        it.expect_picture(WHOLE_PICTURE)?;
        it.ws.expect_empty_plan()?;
        // A primary address that somebody took away, and nothing else.
        netbox.change(MACHINES, id(MACHINES, 0), json!({"primary_ip6": null}))?;
        it.ws.planned()?.expect(&[(IT, "update")])?;
        it.ws.apply_plan()?.ok()?;
        it.expect_picture(WHOLE_PICTURE)?;
        netbox.remove(MACHINES, id(MACHINES, 0))?;
        it.ws.planned()?.expect(&[(IT, "create")])?;
        it.ws.apply_plan()?.ok()?;
        it.expect_picture(WHOLE_PICTURE)?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_put_there_is_left_alone_unless_it_is_exclusive() -> Result<()> {
    for version in VERSIONS {
        let it = scene!(version);
        it.declare(WHOLE)?;
        it.ws.apply()?.ok()?;
        let machine = it.machine()?["id"].clone();
        let eth0 = it.all(INTERFACES)[0]["id"].clone();
        it.insert(INTERFACES, json!({"virtual_machine": machine, "name": "foreign"}))?;
        it.insert(DISKS, json!({"virtual_machine": machine, "name": "foreign", "size": 5}))?;
        let on = json!({"assigned_object_type": "virtualization.vminterface", "assigned_object_id": eth0,
            "address": "10.0.0.99/24"});
        it.insert(ADDRESSES, on)?;
        it.insert(
            MACS,
            json!({"assigned_object_type": "virtualization.vminterface", "assigned_object_id": eth0,
            "mac_address": "02:00:00:00:00:99"}),
        )?;
        it.ws.expect_empty_plan()?;
        it.declare(OTHER)?;
        it.ws.apply()?.ok()?;
        let others = [
            ("interface foreign", "null"),
            ("disk foreign", "5"),
            ("address 10.0.0.99/24", "eth0"),
            ("mac 02:00:00:00:00:99", "1"),
        ];
        it.expect_picture(&[OTHER_PICTURE, &others].concat())?;
        it.declare(&format!("exclusive = true\n{OTHER}"))?;
        it.ws.apply()?.ok()?;
        it.expect_picture(OTHER_PICTURE)?;
        it.ws.expect_empty_plan()?;
        // What comes later is seen, and goes too.
        it.insert(INTERFACES, json!({"virtual_machine": machine, "name": "foreign"}))?;
        it.insert(DISKS, json!({"virtual_machine": machine, "name": "foreign", "size": 5}))?;
        it.ws.planned()?.expect(&[(IT, "update")])?;
        it.ws.apply_plan()?.ok()?;
        it.expect_picture(OTHER_PICTURE)?;
        // The address of others outlives the guest that is not exclusive.
        it.declare(OTHER)?;
        it.ws.apply()?.ok()?;
        let eth0 = it.all(INTERFACES)[0]["id"].clone();
        it.insert(
            ADDRESSES,
            json!({"assigned_object_type": "virtualization.vminterface",
            "assigned_object_id": eth0, "address": "10.0.0.99/24"}),
        )?;
        it.ws.destroy()?.ok()?;
        it.expect_nothing(1)?;
        ensure!(it.all(ADDRESSES)[0]["assigned_object_id"].is_null());
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_that_exist_are_assigned_and_released() -> Result<()> {
    for version in VERSIONS {
        let it = scene!(version);
        let prefix = it.insert("ipam/prefixes", json!({"prefix": "10.7.0.0/24"}))?;
        it.insert(ADDRESSES, json!({"address": "10.7.0.200/24", "description": "kept"}))?;
        let taken = format!(
            r#"resource "hybridops_netbox_available_ip_address" "it" {{
                 prefix = {prefix}
                 key = "web-01"
                 dns_name = "web.example.com"
                 lifecycle {{ ignore_changes = [assigned_object] }}
               }}
               {}"#,
            it.guest(
                "it",
                "web-01",
                r#"interfaces = { eth0 = { addresses = [
                     { id = hybridops_netbox_available_ip_address.it.id },
                     { address = "10.7.0.200/24", description = "kept" },
                   ] } }"#
            )
        );
        it.ws.write("main.tf", &taken)?;
        it.ws.apply()?.ok()?;
        let expected = [
            ("address 10.7.0.1/24", "eth0"),
            ("address 10.7.0.200/24", "eth0"),
            ("interface eth0", "null"),
            ("primary_ip4", "10.7.0.1/24"),
        ];
        it.expect_picture(&expected)?;
        it.ws.expect_empty_plan()?;
        ensure!(
            it.all(ADDRESSES)[1]["dns_name"] == "web.example.com"
                || it.all(ADDRESSES)[0]["dns_name"] == "web.example.com"
        );
        // Out of the guest: released, and still there.
        let alone = taken.replace("{ id = hybridops_netbox_available_ip_address.it.id },", "");
        it.ws.write("main.tf", &alone)?;
        it.ws.apply()?.ok()?;
        it.expect_picture(&[
            ("address 10.7.0.1/24", "null"),
            ("address 10.7.0.200/24", "eth0"),
            ("interface eth0", "null"),
            ("primary_ip4", "10.7.0.200/24"),
        ])?;
        it.ws.expect_empty_plan()?;
        it.ws.write("main.tf", &taken)?;
        it.ws.apply()?.ok()?;
        it.expect_picture(&expected)?;
        it.ws.destroy()?.ok()?;
        it.expect_nothing(1)?;
        let left = it.all(ADDRESSES);
        ensure!(left[0]["address"] == "10.7.0.200/24" && left[0]["assigned_object_id"].is_null(), "{left:?}");
    }
    Ok(())
}
