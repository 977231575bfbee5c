//! What is changed by hand is seen by a plan and put right by an apply.

use acceptance_tests::postgresql::{Scene, query};
use anyhow::{Context as _, Result, ensure};
use hybridops_lab::TEMPLATE_POSTGRESQL;

use crate::{IT, declared, told};

/// What somebody does, and what must hold after an apply.
const BY_HAND: &[(&str, &str, &str)] = &[
    (
        "a setting by ALTER SYSTEM",
        "runuser -u postgres -- psql -XAtqc \"ALTER SYSTEM SET work_mem = '64MB'\" -c 'SELECT pg_reload_conf()'",
        "[ \"$(runuser -u postgres -- psql -XAtqc 'SHOW work_mem')\" = 8MB ]",
    ),
    (
        "the file of settings",
        "echo \"work_mem = '1MB'\" >/etc/postgresql/15/main/conf.d/50-hybridops.conf",
        "grep -q \"work_mem = '8MB'\" /etc/postgresql/15/main/conf.d/50-hybridops.conf",
    ),
    (
        "the file of settings, in a way the server refuses",
        "echo \"wrok_mem = '1MB'\" >/etc/postgresql/15/main/conf.d/50-hybridops.conf",
        "! grep -q wrok_mem /etc/postgresql/15/main/conf.d/50-hybridops.conf",
    ),
    (
        "an access rule",
        "echo 'host all all 0.0.0.0/0 trust' >>/etc/postgresql/15/main/pg_hba.conf; runuser -u postgres -- psql -XAtqc 'SELECT pg_reload_conf()'",
        "! grep -q trust /etc/postgresql/15/main/pg_hba.conf",
    ),
    (
        "a role's rights",
        "runuser -u postgres -- psql -XAtqc 'ALTER ROLE app SUPERUSER'",
        "[ \"$(runuser -u postgres -- psql -XAtqc \"SELECT rolsuper FROM pg_roles WHERE rolname = 'app'\")\" = f ]",
    ),
    (
        "a database's owner",
        "runuser -u postgres -- psql -XAtqc 'ALTER DATABASE app OWNER TO postgres'",
        "runuser -u postgres -- psql -XAtqc '\\l app' | grep -q '^app|app'",
    ),
    (
        "the hold of the packages",
        "apt-mark unhold postgresql-15",
        "apt-mark showhold | grep -qx postgresql-15",
    ),
    (
        "the server, killed",
        "kill -9 $(head -1 /var/lib/postgresql/15/main/postmaster.pid); sleep 1",
        "pg_lsclusters -h | grep -q online",
    ),
    (
        "the configuration directory, gone",
        "systemctl stop postgresql@15-main; rm -rf /etc/postgresql/15",
        "pg_lsclusters -h | grep -q online && grep -q \"work_mem = '8MB'\" /etc/postgresql/15/main/conf.d/50-hybridops.conf",
    ),
];

#[test]
fn what_was_changed_by_hand_is_put_right() -> Result<()> {
    let Some(scene) = Scene::start("what_was_changed_by_hand_is_put_right")? else { return Ok(()) };
    let machine = scene.machine("db-01", 11, TEMPLATE_POSTGRESQL)?;
    let it = declared(&machine);
    scene.converge(&[&it])?;
    let identifier = scene.ws.state()?.get(IT, "status.system_identifier")?.clone();
    for (what, deed, holds) in BY_HAND {
        let case = || -> Result<()> {
            scene.exec(&machine, &format!("cd /; {deed}"))?;
            let planned = scene.ws.planned()?;
            ensure!(!planned.is_empty(), "the plan does not see it");
            planned.expect(&[(IT, "update")])?;
            scene.ws.apply()?.ok()?;
            scene.ws.expect_empty_plan()?;
            scene.exec(&machine, &format!("cd /; {holds}")).map(drop)
        };
        case().with_context(|| (*what).to_owned())?;
    }
    ensure!(query(&[&machine.address], "SELECT 1")? == ["1"]);
    ensure!(*scene.ws.state()?.get(IT, "status.system_identifier")? == identifier);
    told(&format!("{} kinds of drift seen and put right", BY_HAND.len()))
}
