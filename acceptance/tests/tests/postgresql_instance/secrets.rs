//! No secret in state, plan, command lines, journals and logs.

use acceptance_tests::postgresql::{CommandLines, Declared, Scene};
use anyhow::{Result, ensure};
use hybridops_lab::TEMPLATE_POSTGRESQL;

#[test]
fn no_secret_is_left_anywhere() -> Result<()> {
    let Some(scene) = Scene::start("no_secret_is_left_anywhere")? else { return Ok(()) };
    let machine = scene.machine("db-01", 11, TEMPLATE_POSTGRESQL)?;
    let declared = Declared::host("it", &machine)
        .backed_up(&scene.store, "db01")
        .set(
            "postgresql.roles.streamer",
            "{ login = true, replication = true, password = var.stream_password, password_version = 1 }",
        )
        .set("postgresql.settings", "{ log_statement = \"all\", log_min_duration_statement = \"0\" }");
    scene.declare(&[&declared])?;
    let watch = CommandLines::begin();
    let mut sweep = scene.secrets.sweep();
    for arguments in [["plan", "-out=tfplan"].as_slice(), &["apply", "tfplan"], &["plan"]] {
        let output =
            scene.ws.terraform()?.args(arguments).arg("-no-color").log("trace").watched().run()?.ok()?;
        sweep.output(&output);
    }
    let seen = watch.end();
    scene.tell(&format!("{} command lines were seen", seen.len()))?;
    ensure!(seen.iter().any(|line| line.contains("postgres")), "the watch saw nothing of the machine");
    sweep.clean()?;
    scene.expect_no_secret(&seen, &[&machine])?;
    // What is kept on the machine is root's or PostgreSQL's alone.
    let loose = "grep -rlsF -e canary -e CANARYKEY /etc /var/lib/hybridops /usr/local /tmp /var/tmp /run /root 2>/dev/null \
                 | xargs -r stat -c '%a %U %n'";
    for line in scene.exec(&machine, loose)?.lines() {
        scene.tell(&format!("kept on the machine: {line}"))?;
        ensure!(line.starts_with("600 ") || line.starts_with("400 "), "others can read {line}");
    }
    Ok(())
}
