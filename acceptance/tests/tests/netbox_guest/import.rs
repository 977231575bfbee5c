//! Taking over what exists.

use anyhow::{Result, ensure};
use serde_json::json;

use crate::scene::{
    ADDRESSES, DISKS, INTERFACES, IT, MACHINES, Scene, VERSIONS, WHOLE, WHOLE_PICTURE, scene,
};

/// Forgets the guest that is there.
fn forget(it: &Scene) -> Result<()> {
    it.ws.run(&["state", "rm", IT])?.ok()?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_imported_guest_has_nothing_to_do() -> Result<()> {
    for version in VERSIONS {
        let it = scene!(version);
        it.declare(WHOLE)?;
        it.ws.apply()?.ok()?;
        // As the import shows it: references by id, as the server writes them.
        let by_id = WHOLE
            .replace("tenant      = \"acme\"", "tenant = 1")
            .replace("role        = \"server\"", "role = 1")
            .replace("{ slug = \"debian\" }", "1")
            .replace("\"servers\"", "\"1\"")
            .replace("\"storage\"", "\"2\"")
            .replace("tenant = \"acme\"", "tenant = \"1\"")
            .replace("Web-01.example.com", "web-01.example.com")
            .replace("02:00:00:aa:bb:01", "02:00:00:AA:BB:01");
        it.ws.write(
            "main.tf",
            &it.guest("it", "web-01", &by_id)
                .replace("cluster = \"pve1\"", &format!("cluster = {}", it.cluster)),
        )?;
        for id in ["1", "web-01", "pve1/web-01"] {
            forget(&it)?;
            it.forget_requests();
            it.ws.import(IT, id)?.ok()?;
            it.ws.expect_empty_plan()?;
            ensure!(it.writes().is_empty(), "{:?}", it.writes());
        }
        forget(&it)?;
        it.ws.import(IT, "nobody")?.fails()?.says("no virtual machine")?;
        it.ws.import(IT, "web-01")?.ok()?;
        it.ws.destroy()?.ok()?;
        it.expect_nothing(0)?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_configuration_does_not_name_is_let_go_after_an_import() -> Result<()> {
    for version in VERSIONS {
        let it = scene!(version);
        it.declare(WHOLE)?;
        it.ws.apply()?.ok()?;
        forget(&it)?;
        it.declare(
            r#"tenant = "acme"
               interfaces = { eth0 = { addresses = [{ address = "10.0.0.5/24", dns_name = "web-01.example.com" }] } }"#,
        )?;
        it.ws.import(IT, "1")?.ok()?;
        it.ws.apply()?.ok()?.says("Not everything of the imported guest is managed")?;
        it.ws.expect_empty_plan()?;
        ensure!(it.all(INTERFACES).len() == 2 && it.all(DISKS).len() == 2 && it.all(ADDRESSES).len() == 3);
        Ok::<(), anyhow::Error>(())?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_exists_is_adopted_when_that_is_wanted() -> Result<()> {
    for version in VERSIONS {
        let it = scene!(version);
        it.insert(
            MACHINES,
            json!({"name": "web-01", "cluster": it.cluster, "tenant": 1, "comments": "by hand"}),
        )?;
        it.declare(WHOLE)?;
        it.ws.plan()?.fails()?.says("There is a virtual machine \"web-01\" already")?.says("adopt")?;
        it.declare(&format!("adopt = \"if_exists\"\n{WHOLE}"))?;
        it.ws.apply()?.ok()?.says("will be taken over")?;
        it.expect_picture(WHOLE_PICTURE)?;
        ensure!(it.machine()?["comments"] == "");
        it.ws.expect_empty_plan()?;
        it.ws.destroy()?.ok()?;
        it.declare(&format!("adopt = \"required\"\n{WHOLE}"))?;
        it.ws.apply()?.fails()?.says("There is nothing to adopt")?;
        it.expect_nothing(0)?;
    }
    Ok(())
}
