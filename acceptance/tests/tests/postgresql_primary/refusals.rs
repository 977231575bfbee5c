//! What must not be done to a primary is refused, and nothing is changed by it.

use std::time::Duration;

use acceptance_tests::postgresql::{Load, Machine};
use acceptance_tests::wait_until;
use anyhow::{Result, ensure};

use crate::pair::Pair;

#[test]
fn what_must_not_be_moved_stays() -> Result<()> {
    let Some(mut pair) = Pair::start("what_must_not_be_moved_stays", None)? else { return Ok(()) };
    let load = Load::start(&[&pair.one.address], 2, Duration::from_millis(5))?;
    std::thread::sleep(Duration::from_secs(1));
    let acknowledged = load.stop();
    pair.wait_caught_up("db-01")?;
    let rows = |pair: &Pair, machine: &Machine| pair.scene.ledger(machine);
    let before = rows(&pair, &pair.one)?;
    let epoch = pair.scene.store.object("db/hybridops/epoch.json")?;

    // An epoch that does not follow the one that is held.
    pair.wish(3, "db-02");
    refused(&pair, &["Error: The primary is left where it is", "set `epoch = 2`"])?;

    // A limit of slots below what they keep.
    pair.wish(1, "db-01");
    pair.scene.exec(&pair.two, "systemctl stop postgresql@15-main")?;
    for _ in 0..3 {
        pair.scene.sql(&pair.one, "SELECT pg_logical_emit_message(true, 'test', 'x')")?;
        pair.scene.sql(&pair.one, "SELECT pg_switch_wal()")?;
    }
    let declared = pair.primary.clone();
    pair.primary = declared.clone().set("max_slot_wal_keep_size", "16");
    refused(&pair, &["would be 16 MiB, but the slot db_02 keeps", "max_slot_wal_keep_size"])?;
    pair.primary = declared;
    pair.scene.exec(&pair.two, "systemctl start postgresql@15-main")?;
    pair.wait_caught_up("db-01")?;
    let streams = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'";
    wait_until("the stream", Duration::from_secs(60), || Ok(pair.scene.value(&pair.one, streams)? == "1"))?;

    // A stream that is none any more, although both ends say so: the primary goes on.
    pair.part()?;
    pair.wish(2, "db-02");
    pair.declare()?;
    let text = pair.scene.ws.apply()?.fails()?.text();
    ensure!(text.contains("did not arrive on db-02"), "{text}");
    ensure!(pair.scene.value(&pair.one, "SELECT pg_is_in_recovery()")? == "f", "the primary was stopped");
    pair.rejoin()?;

    // A primary that nobody can reach, and nothing proves that it is gone.
    pair.scene.real()?.cut(pair.one.vmid)?;
    refused(&pair, &["it is not proven that its server does not run", "accept_unfenced_promotion"])?;
    ensure!(pair.scene.value(&pair.two, "SELECT pg_is_in_recovery()")? == "t", "the standby was promoted");
    pair.scene.real()?.mend(pair.one.vmid)?;

    ensure!(pair.scene.store.object("db/hybridops/epoch.json")? == epoch, "the epoch was written");
    ensure!(
        pair.missing(&acknowledged, "db-01")?.is_empty() && rows(&pair, &pair.one)? == before,
        "rows changed"
    );
    pair.wish(1, "db-01");
    pair.wait_caught_up("db-01")?;
    ensure!(rows(&pair, &pair.two)? == before, "the standby has other rows");
    pair.declare()?;
    pair.scene.ws.expect_empty_plan()?;
    Ok(())
}

/// The plan fails, and says each of these.
fn refused(pair: &Pair, says: &[&str]) -> Result<()> {
    pair.declare()?;
    let text = pair.scene.ws.plan()?.fails()?.text();
    for what in says {
        ensure!(text.contains(what), "{what:?} is not said: {text}");
    }
    Ok(())
}
