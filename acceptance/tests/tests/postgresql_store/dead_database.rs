//! The database is dead; its archive still tells everything.

use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use hybridops_lab::StoreFault;
use serde_json::{Value as Json, json};

use crate::archive::Database;
use crate::scene::{CANARY, Scene};
use crate::told;

fn configuration(scene: &Scene, target: &str) -> String {
    let storage = scene.storage();
    format!(
        r#"
data "hybridops_walg_backups" "all" {{
  {storage}
}}
data "hybridops_walg_backups" "permanent" {{
  {storage}
  permanent = true
}}
data "hybridops_walg_recovery_window" "it" {{
  {storage}
  check  = "all"
  target = {{ {target} }}
}}
output "backups" {{ value = data.hybridops_walg_backups.all }}
output "permanent" {{ value = data.hybridops_walg_backups.permanent.backups }}
output "window" {{ value = data.hybridops_walg_recovery_window.it }}
"#
    )
}

fn outputs(scene: &Scene, target: &str) -> Result<Json> {
    scene.ws.write("main.tf", &configuration(scene, target))?;
    scene.ws.apply()?.ok()?;
    scene.ws.outputs()
}

#[test]
fn the_archive_tells_what_the_database_cannot() -> Result<()> {
    let Some(scene) = Scene::start("the_archive_tells_what_the_database_cannot")? else { return Ok(()) };
    let database = Database::start(scene.walg.clone(), &scene.s3.endpoint(), "s3://walg/db01")?;
    database.backup("")?;
    database.archived()?;
    database.backup("")?;
    let lost = database.archived()?;
    let early = database.sql("select pg_current_wal_lsn()")?;
    database.archived()?;
    database.backup("--full --permanent")?;
    database.archived()?;
    let system = database.sql("select system_identifier from pg_control_system()")?;
    drop(database);

    scene.s3.clear();
    let began = Instant::now();
    let seen = outputs(&scene, "immediate = true")?;
    let requests = scene.s3.requests().len();
    told(&format!("apply of three data sources: {:?}, {requests} requests to the store", began.elapsed()))?;
    let backups = seen["backups"]["backups"].as_array().context("a list")?;
    ensure!(backups.len() == 3, "{backups:?}");
    let names: Vec<&str> = backups.iter().filter_map(|backup| backup["name"].as_str()).collect();
    ensure!(names[1].contains("_D_") && !names[0].contains("_D_"), "the newest first: {names:?}");
    ensure!(
        backups[1]["parent"] == backups[2]["name"] && backups[1]["full"] == backups[2]["name"],
        "{backups:?}"
    );
    ensure!(
        backups.iter().all(|backup| backup["system_id"] == json!(system)),
        "the system identifier is exact"
    );
    ensure!(
        backups[0]["permanent"] == json!(true) && backups[0]["major_version"] == json!(15),
        "{backups:?}"
    );
    ensure!(seen["permanent"].as_array().map(Vec::len) == Some(1), "the filter holds");
    let window = &seen["window"];
    ensure!(window["whole"] == json!(true) && window["system_id"] == json!(system), "{window}");
    ensure!(window["reachable"] == json!(true) && window["chosen_backup"] == json!(names[0]), "{window}");
    ensure!(window["windows"][0]["continuous"] == json!(true), "{window}");
    scene.ws.expect_empty_plan()?;

    // A transaction is not to be seen in a store; the future is not in it.
    let xid = outputs(&scene, "xid = 745")?;
    ensure!(xid["window"]["reachable"].is_null() && xid["window"]["reason"].is_string(), "{}", xid["window"]);
    let future = outputs(&scene, "time = \"2099-01-01T00:00:00Z\"")?;
    ensure!(future["window"]["reachable"] == json!(false), "{}", future["window"]);
    let past = outputs(&scene, "time = \"2001-01-01T00:00:00Z\"")?;
    let reason = past["window"]["reason"].as_str().unwrap_or_default();
    ensure!(reason.contains("before the end of the oldest backup"), "{reason}");

    // A segment is lost: it is named, and what lies behind it cannot be reached from the backups before it.
    let key = format!("db01/wal_005/{lost}.zst");
    scene.runtime.block_on(scene.s3.delete("walg", &key))?;
    let holed = outputs(&scene, &format!("lsn = \"{early}\""))?;
    let window = &holed["window"];
    ensure!(window["whole"] == json!(false) && window["gaps"][0]["first_segment"] == json!(lost), "{window}");
    ensure!(window["reachable"] == json!(false), "{window}");
    let reason = window["reason"].as_str().unwrap_or_default();
    ensure!(reason.contains(&lost), "{reason}");

    // Nothing of the secret is anywhere.
    ensure!(!scene.ws.read("terraform.tfstate")?.contains(CANARY), "the state holds the secret");

    // A store that refuses is an error that says so.
    scene.s3.fail("GET", ".*", StoreFault::Denied)?;
    scene.ws.plan()?.fails()?.says("The archive cannot be read")?.says("credentials")?;
    scene.s3.heal();
    Ok(())
}
