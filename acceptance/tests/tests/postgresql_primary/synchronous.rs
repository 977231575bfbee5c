//! Commits that wait for the standby.

use std::time::Duration;

use acceptance_tests::postgresql::Load;
use anyhow::{Context as _, Result, ensure};

use crate::pair::Pair;

/// With `synchronous = "strict"` nothing is acknowledged while the standby is cut off, unless somebody calls the wait off:
/// PostgreSQL then tells the client that the commit is done. Only such rows are lost with the primary, and the resource
/// counts them.
#[test]
fn only_waits_that_were_called_off_are_lost_and_they_are_counted() -> Result<()> {
    let test = "only_waits_that_were_called_off_are_lost_and_they_are_counted";
    let Some(mut pair) = Pair::start(test, Some("24s"))? else { return Ok(()) };
    pair.primary = pair.primary.clone().text("synchronous", "strict");
    pair.apply()?;
    pair.scene.ws.expect_empty_plan()?;
    let load = Load::start(&[&pair.one.address], 4, Duration::from_millis(5))?;
    std::thread::sleep(Duration::from_secs(2));
    pair.part()?;
    std::thread::sleep(Duration::from_secs(1));
    let at_the_cut = load.count();
    std::thread::sleep(Duration::from_secs(2));
    ensure!(load.count() == at_the_cut, "{} commits did not wait", load.count() - at_the_cut);
    let call_off = "SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
    // Again and again, to the very cut: what is older is in the archive by then.
    let mut called_off = 0_u64;
    for _ in 0..6 {
        called_off += pair.scene.value(&pair.one, call_off)?.parse::<u64>()?;
    }
    pair.scene.real()?.cut(pair.one.vmid)?;
    let acknowledged = load.stop();
    ensure!(acknowledged.len() > at_the_cut, "no wait was called off");
    pair.wish(2, "db-02");
    pair.apply()?;
    let missing = pair.missing(&acknowledged, "db-02")?;
    ensure!(!missing.is_empty(), "nothing was lost: this proves nothing");
    // It is back, has stopped by itself, and tells what it called off.
    pair.scene.real()?.mend(pair.one.vmid)?;
    pair.rejoin()?;
    pair.apply()?;
    let status = pair.status()?;
    let counted = status["lost"]["db-01"]["commits"].as_u64().context("a count")?;
    let told = status["cancelled_waits"].as_u64().context("a count")?;
    pair.scene.tell(&format!(
        "{} of {} acknowledged rows lost; {called_off} waits were called off, of which {told} are told; {counted} commits are on \
         the old primary only",
        missing.len(),
        acknowledged.len()
    ))?;
    let lost = u64::try_from(missing.len())?;
    ensure!(lost <= called_off, "more are lost than were called off");
    ensure!(told >= called_off, "{told} of {called_off} are told");
    ensure!(counted >= lost, "the report misses some");
    Ok(())
}
