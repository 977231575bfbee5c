//! What guests cost: requests as numbers.

use anyhow::{Result, ensure};
use serde_json::json;

use crate::scene::{MACHINES, Scene, VERSIONS, WHOLE, scene};

fn many(it: &Scene, count: usize) -> String {
    let guest = |n: usize| {
        let arguments = format!(
            r#"memory = 2048
               interfaces = {{ eth0 = {{ mac_address = "02:00:00:00:{:02x}:{:02x}",
                 addresses = [{{ address = "10.{}.{}.10/24" }}] }} }}
               disks = {{ scsi0 = {{ size = 10000 }} }}"#,
            n / 256,
            n % 256,
            100 + n / 250,
            n % 250
        );
        it.guest(&format!("g{n}"), &format!("web-{n:03}"), &arguments)
    };
    (0..count).map(guest).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_is_made_with_one_request_for_each_object() -> Result<()> {
    for version in VERSIONS {
        let it = scene!(version);
        it.declare(WHOLE)?;
        it.ws.plan()?.ok()?;
        it.forget_requests();
        it.ws.apply_plan()?.ok()?;
        // A machine, two interfaces, a MAC address that is made primary, three addresses, two disks, two primaries.
        let (writes, all) = (it.writes(), it.requests());
        ensure!(writes.len() == 11, "{writes:#?}");
        println!(
            "{version}: a guest of 9 objects is made with {} requests, {} of them writes",
            all.len(),
            writes.len()
        );
        ensure!(all.len() <= 11 + 10, "{all:#?}");
        it.forget_requests();
        it.ws.plan()?.ok()?;
        let reads = it.requests();
        ensure!(reads.len() <= 5, "{reads:#?}");
        it.declare(&WHOLE.replace("memory      = 4096", "memory = 1024"))?;
        it.ws.plan()?.ok()?;
        it.forget_requests();
        it.ws.apply_plan()?.ok()?;
        ensure!(it.writes() == [format!("PATCH /api/{MACHINES}/1/")], "{:#?}", it.writes());
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_guests_are_refreshed_with_a_few_requests() -> Result<()> {
    for version in VERSIONS {
        let it = scene!(version);
        it.ws.write("main.tf", &many(&it, 100))?;
        it.forget_requests();
        it.ws.apply()?.ok()?;
        let (writes, all) = (it.writes().len(), it.requests().len());
        let each = if it.all("dcim/mac-addresses").is_empty() { 5 } else { 7 };
        println!("{version}: 100 guests are made with {all} requests, {writes} of them writes");
        ensure!(writes == 100 * each, "{writes} writes");
        it.forget_requests();
        it.ws.expect_empty_plan()?;
        let reads = it.requests();
        println!("{version}: 100 guests are refreshed with {} requests", reads.len());
        ensure!(reads.len() <= 20, "{} requests: {reads:#?}", reads.len());
        // One that is gone meanwhile does not spoil the reads of the others.
        it.netbox().remove(MACHINES, 50)?;
        it.netbox().change(MACHINES, 51, json!({"memory": 1}))?;
        it.forget_requests();
        let plan = it.ws.planned()?;
        let changes: Vec<_> = plan.actions().into_iter().filter(|(_, action)| action != "no-op").collect();
        ensure!(changes.len() == 2, "{changes:?}");
        ensure!(it.requests().len() <= 40, "{:#?}", it.requests());
    }
    Ok(())
}
