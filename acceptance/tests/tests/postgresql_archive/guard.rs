//! Two clusters and one archive: the second one is refused by who it is, and nothing is written.

use std::collections::BTreeMap;

use acceptance_tests::postgresql::{Declared, Machine, Scene};
use anyhow::{Context as _, Result, ensure};
use hybridops_lab::TEMPLATE_POSTGRESQL;

const ARCHIVE: &str = "db01";
const MARKER: &str = "db01/hybridops/identity.json";

/// Everything that is in the archive, with its contents.
fn contents(scene: &Scene) -> Result<BTreeMap<String, Vec<u8>>> {
    let listed = scene.store.list(&format!("{ARCHIVE}/"))?;
    listed.into_iter().map(|(key, _)| Ok((key.clone(), scene.store.object(&key)?))).collect()
}

/// Refused with these words; the archive is what it was, byte for byte, and the second cluster never archives.
fn refused(scene: &Scene, both: &[&Declared], other: &Machine, says: &[&str]) -> Result<()> {
    let before = contents(scene)?;
    scene.refused(both, says)?;
    let settings = "cat /etc/postgresql/15/main/conf.d/50-hybridops.conf 2>/dev/null || true";
    ensure!(!scene.exec(other, settings)?.contains("hybridops-wal-archive"), "the second cluster archives");
    ensure!(contents(scene)? == before, "the archive was changed");
    scene.tell(&format!("refused, {} objects untouched: {}", before.len(), says.join(" … ")))
}

#[test]
fn a_second_cluster_writes_nothing() -> Result<()> {
    let Some(scene) = Scene::start("a_second_cluster_writes_nothing")? else { return Ok(()) };
    let first = scene.machine("db-01", 11, TEMPLATE_POSTGRESQL)?;
    let owner = Declared::host("owner", &first).backed_up(&scene.store, ARCHIVE);
    scene.converge(&[&owner])?;
    let id = scene.value(&first, "SELECT system_identifier FROM pg_control_system()")?;
    // Nothing moves in the archive by itself from here on.
    scene.exec(&first, "systemctl stop 'hybridops-*.timer' postgresql@15-main")?;
    scene.ws.run(&["state", "rm", &owner.address()])?.ok()?;

    // Another initdb, told to write to the same place.
    let second = scene.machine("db-02", 12, TEMPLATE_POSTGRESQL)?;
    let intruder = Declared::host("intruder", &second).backed_up(&scene.store, ARCHIVE);
    let says = ["The archive belongs to another cluster", "\"main\"", id.as_str(), "prefix of its own"];
    refused(&scene, &[&intruder], &second, &says)?;

    // The same without the marker, as WAL-G alone leaves an archive: its backups tell whose it is, then its log.
    let marker = scene.store.object(MARKER)?;
    scene.store.delete(MARKER)?;
    refused(&scene, &[&intruder], &second, &["has no marker", "backup base_", id.as_str()])?;
    let backups: Vec<String> =
        contents(&scene)?.into_keys().filter(|key| key.contains("/basebackups_005/")).collect();
    let kept: Vec<(String, Vec<u8>)> =
        backups.into_iter().map(|key| Ok((key.clone(), scene.store.object(&key)?))).collect::<Result<_>>()?;
    for (key, _) in &kept {
        scene.store.delete(key)?;
    }
    refused(&scene, &[&intruder], &second, &["has no marker", "segment 00000001", id.as_str()])?;
    for (key, content) in kept {
        scene.store.put(&key, content)?;
    }
    scene.store.put(MARKER, marker)?;

    // A segment of the second cluster, handed to what archives for the first one.
    let segment = scene.exec(&second, "ls /var/lib/postgresql/15/main/pg_wal | grep -m1 '^0000'")?;
    let real = scene.real()?;
    let path = format!("/var/lib/postgresql/15/main/pg_wal/{segment}");
    let bytes = real.exec(second.vmid, &format!("base64 -w0 {path} | head -c 400000"))?;
    ensure!(bytes.len() > 1000, "no segment");
    let before = contents(&scene)?;
    let said = scene.exec(
        &first,
        &format!(
            "cd /tmp; printf %s '{}' | base64 -d 2>/dev/null >{segment}; truncate -s 16M {segment}; chown postgres {segment}; \
             runuser -u postgres -- /usr/local/lib/hybridops/hybridops-wal-archive 15-main /tmp/{segment} 2>&1; echo code=$?",
            bytes.get(..4000).context("a page")?
        ),
    )?;
    ensure!(said.contains("is of the system") && said.ends_with("code=1"), "{said}");
    ensure!(contents(&scene)? == before, "a segment of another cluster was archived");

    // With a prefix of its own there is nothing against it.
    let moved = Declared::host("intruder", &second).backed_up(&scene.store, "db02");
    scene.converge(&[&moved])?;
    ensure!(contents(&scene)? == before, "the archive was changed");
    Ok(())
}
