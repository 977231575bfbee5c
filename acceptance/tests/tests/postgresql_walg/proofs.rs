//! From nothing to a backed-up primary: what was proved stands in the state.

use acceptance_tests::postgresql::{Declared, Scene};
use anyhow::{Result, ensure};
use hybridops_lab::TEMPLATE_POSTGRESQL;

use crate::told;

#[test]
fn an_archive_is_proved_and_drilled() -> Result<()> {
    let Some(scene) = Scene::start("an_archive_is_proved_and_drilled")? else { return Ok(()) };
    let machine = scene.machine("db-01", 11, TEMPLATE_POSTGRESQL)?;
    let declared = Declared::host("it", &machine).backed_up(&scene.store, "db01");
    let made = scene.converge(&[&declared])?;
    let state = scene.ws.state()?;
    let backup = state.get(&declared.address(), "backup")?.clone();
    let proof = &backup["proof"];
    told(&format!("a backed-up primary in {:.1} s: {proof}", made.took.as_secs_f64()))?;
    ensure!(backup["differences"].as_array().is_some_and(Vec::is_empty), "{backup}");
    let segment = proof["archived_segment"].as_str().unwrap_or_default();
    let objects = scene.store.list("db01/")?;
    ensure!(
        objects.iter().any(|(key, _)| key.contains(&format!("wal_005/{segment}"))),
        "{segment} is not there"
    );
    let name = proof["backup"].as_str().unwrap_or_default();
    let sentinel = format!("basebackups_005/{name}_backup_stop_sentinel.json");
    ensure!(objects.iter().any(|(key, _)| key.ends_with(&sentinel)), "{name} is not there");

    // What was changed by hand is seen and put right.
    scene.exec(&machine, "echo '# changed' >>/usr/local/lib/hybridops/hybridops-wal-archive")?;
    let plan = scene.ws.plan()?.ok()?;
    ensure!(!plan.text().contains("No changes"), "a changed script is no change?");
    scene.converge(&[&declared])?;
    ensure!(
        !scene.exec(&machine, "cat /usr/local/lib/hybridops/hybridops-wal-archive")?.contains("# changed")
    );

    scene.sql(
        &machine,
        "CREATE TABLE numbers AS SELECT generate_series(1, 5000) AS n; CREATE INDEX ON numbers (n)",
    )?;
    let drill = Declared::new("hybridops_postgresql_restore_drill", "it")
        .text("name", "db-01")
        .set("machine", machine.block())
        .set("version", "15")
        .set("source.storage", scene.store.block("db01"))
        .set("source.credentials", "{ access_key_id = var.s3_key, secret_access_key = var.s3_secret }")
        .set("wal_g", "{ binary = \"/opt/lab/wal-g\" }")
        .text("max_age", "7d")
        .text("run", "1")
        .set("depends_on", format!("[{}]", declared.address()));
    let made = scene.converge(&[&declared, &drill])?;
    let result = scene.ws.state()?.get(&drill.address(), "result")?.clone();
    told(&format!("a drill in {:.1} s: {result}", made.took.as_secs_f64()))?;
    ensure!(
        result["backup"] == name && result["rto_milliseconds"].as_u64().is_some_and(|rto| rto > 0),
        "{result}"
    );
    let left = scene
        .exec(&machine, "ls /etc/hybridops/postgresql /var/lib/hybridops/postgresql /var/lib/postgresql")?;
    ensure!(!left.contains("drill"), "it did not clean up: {left}");
    let marks = scene.store.list("db01/hybridops/verified/")?;
    ensure!(marks.iter().any(|(key, _)| key.contains(name)), "{name} is not marked as verified");

    // Rows that were written and are archived must be there; what does not hold is an error and no mark.
    scene.sql(&machine, "SELECT pg_switch_wal()")?;
    std::thread::sleep(std::time::Duration::from_secs(3));
    let rows = |limit: u32| {
        format!(
            "{{ rows = {{ numbers = {{ database = \"postgres\", sql = \"SELECT count(*) >= {limit} FROM numbers\" }} }} }}"
        )
    };
    let held = drill.clone().text("run", "2").set("checks", rows(5000));
    scene.converge(&[&declared, &held])?;
    let result = scene.ws.state()?.get(&drill.address(), "result")?.clone();
    told(&format!("with rows: {result}"))?;
    ensure!(result["rpo_seconds"] == 0 && result["rows"][0] == "numbers", "{result}");
    let missing = drill.clone().text("run", "3").set("checks", rows(5001));
    scene.declare(&[&declared, &missing])?;
    let refused = scene.ws.apply()?.fails()?;
    ensure!(refused.text().contains("Rows are missing"), "{}", refused.text());
    let left = scene
        .exec(&machine, "ls /etc/hybridops/postgresql /var/lib/hybridops/postgresql /var/lib/postgresql")?;
    ensure!(!left.contains("drill"), "it did not clean up: {left}");
    scene.declare(&[&declared, &held])?;
    scene.ws.expect_empty_plan().map(drop)
}
