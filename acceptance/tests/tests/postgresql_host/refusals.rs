//! What is refused, each with the data as they were.

use acceptance_tests::postgresql::{Declared, Machine, Scene};
use anyhow::{Context as _, Result, ensure};
use hybridops_lab::TEMPLATE_POSTGRESQL;

use crate::{IT, declared, told};

const DATA: &str = "/var/lib/postgresql/15/main";

/// Refused with this, and not a byte of the data, nor an owner or a mode, was changed.
fn untouched(scene: &Scene, machine: &Machine, it: &Declared, says: &[&str]) -> Result<()> {
    let before = scene.sum_in(machine, DATA)?;
    scene.refused(&[it], says)?;
    ensure!(scene.sum_in(machine, DATA)? == before, "the data were changed");
    Ok(())
}

/// Configurations that are refused whatever the machine says: what is set, to what, and what is said.
const WRONG: &[(&str, &str, &[&str])] = &[
    (
        "postgresql.settings",
        "{ shared_bufers = \"1GB\" }",
        &["has no setting shared_bufers", "Is shared_buffers meant"],
    ),
    ("postgresql.settings", "{ work_mem = \"lots\" }", &["is no value of the setting work_mem"]),
    ("postgresql.settings", "{ max_connections = \"0\" }", &["is no value of the setting max_connections"]),
    ("postgresql.settings", "{ data_checksums = \"off\" }", &["cannot be set"]),
    ("postgresql.settings", "{ port = \"1234\" }", &["is decided elsewhere"]),
    (
        "postgresql.access",
        "[{ type = \"local\", users = [\"postgres\"], method = \"reject\" }]",
        &["cannot be locked out"],
    ),
    (
        "postgresql.access",
        "[{ address = \"10.0.0.0/99\" }]",
        &["The server refuses the access rules", "invalid CIDR mask"],
    ),
    ("postgresql.access", "[{ type = \"host\" }]", &["needs an address"]),
    ("postgresql.version", "16", &["cannot be changed"]),
    ("postgresql.cluster", "\"other\"", &["cannot be changed"]),
    ("postgresql.data_directory", "\"/srv/elsewhere\"", &["cannot be changed"]),
    ("postgresql.checksums", "false", &["cannot be changed"]),
    ("postgresql.locale", "\"en_US.UTF-8\"", &["cannot be changed"]),
    ("postgresql.wal_segment_size", "64", &["cannot be changed"]),
    ("postgresql.user_id", "600", &["The number of postgres cannot be changed"]),
    ("postgresql.package_version", "\"15.999-1\"", &["is not offered"]),
    ("name", "\"db-02\"", &["is that of another member"]),
];

#[test]
fn a_running_instance_refuses() -> Result<()> {
    let Some(scene) = Scene::start("a_running_instance_refuses")? else { return Ok(()) };
    let machine = scene.machine("db-01", 11, TEMPLATE_POSTGRESQL)?;
    let it = declared(&machine);
    scene.converge(&[&it])?;
    let marker = scene.exec(&machine, "cat /var/lib/postgresql/15/main.hybridops.json")?;
    for (path, value, says) in WRONG {
        let wrong = it.clone().set(path, *value);
        scene.refused(&[&wrong], says).with_context(|| format!("{path} = {value}"))?;
        // What is declared is what there is, as if nothing had been tried.
        scene.declare(&[&it])?;
        scene.ws.expect_empty_plan().with_context(|| format!("after {path} = {value}"))?;
    }
    ensure!(scene.exec(&machine, "cat /var/lib/postgresql/15/main.hybridops.json")? == marker);
    told(&format!("{} wrong configurations refused on a running instance", WRONG.len()))
}

/// What is done to the data of a stopped instance, how that is undone, and what is said.
const TAMPERED: &[(&str, &str, &str, &[&str])] = &[
    (
        "the wrong owner",
        "chown 777:777 DATA",
        "chown postgres:postgres DATA",
        &["The data belong to another user", "777:777"],
    ),
    ("a mode open to others", "chmod 0755 DATA", "chmod 0700 DATA", &["open to others", "0755"]),
    (
        "another major version",
        "echo 14 >DATA/PG_VERSION",
        "echo 15 >DATA/PG_VERSION",
        &["another major version"],
    ),
    (
        "another member's marker",
        "sed -i s/db-01/db-09/ DATA.hybridops.json",
        "sed -i s/db-09/db-01/ DATA.hybridops.json",
        &["is that of another member", "db-09"],
    ),
    (
        "another cluster's data",
        "mv DATA DATA.ours; runuser -u postgres -- /usr/lib/postgresql/15/bin/initdb -D DATA --data-checksums --locale=C.UTF-8 >/dev/null",
        "rm -rf DATA; mv DATA.ours DATA",
        &["are those of another cluster"],
    ),
    (
        "something else in its place",
        "mv DATA DATA.ours; mkdir DATA; echo precious >DATA/file",
        "rm -rf DATA; mv DATA.ours DATA",
        &["holds something else"],
    ),
];

#[test]
fn data_that_do_not_fit_are_left_alone() -> Result<()> {
    let Some(scene) = Scene::start("data_that_do_not_fit_are_left_alone")? else { return Ok(()) };
    let machine = scene.machine("db-01", 11, TEMPLATE_POSTGRESQL)?;
    let it = declared(&machine);
    scene.converge(&[&it])?;
    scene.exec(&machine, "systemctl stop postgresql@15-main")?;
    for (what, deed, undo, says) in TAMPERED {
        let case = || -> Result<()> {
            scene.exec(&machine, &format!("cd /; {}", deed.replace("DATA", DATA)))?;
            untouched(&scene, &machine, &it, says)?;
            scene.exec(&machine, &format!("cd /; {}", undo.replace("DATA", DATA))).map(drop)
        };
        case().with_context(|| (*what).to_owned())?;
    }
    // The data are gone, and what was known of them is not forgotten: no empty cluster is made.
    scene.exec(&machine, &format!("mv {DATA} {DATA}.ours"))?;
    scene.refused(&[&it], &["The data of \"db-01\" are not there"])?;
    scene.ws.run(&["state", "rm", IT])?.ok()?;
    scene.refused(&[&it], &["The data of \"db-01\" are not there"])?;
    scene.exec(&machine, &format!("[ ! -e {DATA} ] && mv {DATA}.ours {DATA}"))?;
    // Data that nobody claims are not taken over unasked.
    scene.exec(&machine, &format!("mv {DATA}.hybridops.json /root/"))?;
    untouched(&scene, &machine, &it, &["that nobody claims"])?;
    let identifier = scene.exec(
        &machine,
        &format!(
            "/usr/lib/postgresql/15/bin/pg_controldata {DATA} | sed -n 's/^Database system identifier: *//p'"
        ),
    )?;
    scene.converge(&[&it.clone().text("postgresql.adopt", &identifier)])?;
    ensure!(*scene.ws.state()?.get(IT, "status.system_identifier")? == serde_json::json!(identifier));
    told(&format!("{} kinds of data that do not fit were left alone", TAMPERED.len() + 2))
}
