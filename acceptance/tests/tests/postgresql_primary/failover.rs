//! A primary is lost: promotion only with proof, and the count of what is lost.

use std::time::{Duration, Instant};

use acceptance_tests::postgresql::Load;
use acceptance_tests::wait_until;
use anyhow::{Context as _, Result, ensure};

use crate::pair::Pair;

/// The postmaster is killed under load while the standby is cut off from it. Its machine still answers: what it had not
/// sent is carried from its disk, and nothing that was acknowledged is lost. Then it comes back: not by itself as a
/// primary, but as a standby.
#[test]
fn a_killed_primary_is_replaced_and_comes_back_as_a_standby() -> Result<()> {
    let Some(mut pair) = Pair::start("a_killed_primary_is_replaced_and_comes_back_as_a_standby", None)?
    else {
        return Ok(());
    };
    let load = Load::start(&pair.addresses(), 4, Duration::from_millis(5))?;
    std::thread::sleep(Duration::from_secs(2));
    pair.part()?;
    std::thread::sleep(Duration::from_secs(2));
    pair.scene.kill_postmaster(&pair.one)?;
    let killed = Instant::now();
    pair.rejoin()?;
    let sent = pair.scene.ledger(&pair.two)?.len();
    pair.wish(2, "db-02");
    let moved = pair.apply()?;
    let status = pair.status()?;
    ensure!(status["holder"] == "db-02", "{status}");
    pair.scene.wait_answering(&pair.two, Duration::from_secs(30))?;
    std::thread::sleep(Duration::from_secs(1));
    let acknowledged = load.stop();
    let missing = pair.missing(&acknowledged, "db-02")?;
    pair.scene.tell(&format!(
        "{} of {} acknowledged rows lost, of which the stream had brought {sent}; {} bytes carried over from the disk; apply \
         {:.1} s, {:.1} s from the kill to its end; fenced by {}; milliseconds by step: {}",
        missing.len(),
        acknowledged.len(),
        status["handed_over_bytes"],
        moved.took.as_secs_f64(),
        killed.elapsed().as_secs_f64(),
        status["fenced_by"],
        status["took_milliseconds"],
    ))?;
    ensure!(status["handed_over_bytes"].as_u64() > Some(0), "all was sent: this proves nothing");
    ensure!(missing.is_empty(), "{} rows are lost", missing.len());
    ensure!(status["estimated_loss_bytes"] == 0, "{status}");
    pair.wait_caught_up("db-02")?;
    ensure!(pair.scene.value(&pair.one, "SELECT pg_is_in_recovery()")? == "t");
    pair.scene.ws.expect_empty_plan()?;
    Ok(())
}

/// The link is cut first, then the whole machine: what the old primary acknowledged meanwhile is lost, and once it is back
/// the report names each of them before anything is overwritten. Giving it up takes the exact number.
#[test]
fn what_is_lost_is_counted_kept_and_given_up_by_number() -> Result<()> {
    let Some(mut pair) = Pair::start("what_is_lost_is_counted_kept_and_given_up_by_number", Some("24s"))?
    else {
        return Ok(());
    };
    let load = Load::start(&[&pair.one.address], 4, Duration::from_millis(5))?;
    std::thread::sleep(Duration::from_secs(2));
    // The link between both is cut, and the primary goes on.
    pair.part()?;
    std::thread::sleep(Duration::from_secs(3));
    let acknowledged = load.stop();
    pair.scene.real()?.cut(pair.one.vmid)?;
    pair.wish(2, "db-02");
    pair.apply()?;
    ensure!(pair.status()?["fenced_by"] == "lease", "{}", pair.status()?);
    // It is back, and has stopped by itself.
    pair.scene.real()?.mend(pair.one.vmid)?;
    let moved = pair.apply()?;
    let status = pair.status()?;
    let report = &status["lost"]["db-01"];
    let counted = report["commits"].as_u64().context("a count")?;
    let missing = pair.missing(&acknowledged, "db-02")?;
    pair.scene.tell(&format!(
        "{} of {} acknowledged rows are not on the new primary; the report counts {counted} commits from {} to {}; estimated {} bytes",
        missing.len(),
        acknowledged.len(),
        report["first"],
        report["last"],
        status["estimated_loss_bytes"],
    ))?;
    ensure!(!missing.is_empty(), "nothing was lost: this proves nothing");
    ensure!(counted >= u64::try_from(missing.len())?, "the report misses some");
    moved.says(&format!("accept_loss = {{ \"db-01\" = {counted} }}"))?;
    ensure!(status["roles"]["db-01"] == "diverged", "{status}");
    let kept = pair.scene.store.list("db/diverged/db-01/")?;
    ensure!(kept.len() >= 2, "WAL and list are kept: {kept:?}");
    pair.scene.ws.expect_empty_plan()?;
    // The old primary does not start as one.
    let started =
        pair.scene.exec(&pair.one, "systemctl start postgresql@15-main; sleep 1; pg_lsclusters -h")?;
    ensure!(started.contains("down"), "the old primary started: {started}");
    pair.rejoin()?;
    // The wrong number gives nothing up.
    pair.accept_loss("db-01", counted + 1);
    pair.apply()?;
    ensure!(pair.status()?["roles"]["db-01"] == "diverged");
    pair.accept_loss("db-01", counted);
    let turned = pair.apply()?;
    pair.scene.tell(&format!("turned back in {:.1} s", turned.took.as_secs_f64()))?;
    pair.wait_caught_up("db-02")?;
    let rows = |machine| pair.scene.ledger(machine).map(|rows| rows.len());
    ensure!(rows(&pair.one)? == rows(&pair.two)?, "not the same rows");
    pair.scene.ws.expect_empty_plan()?;
    // And back, in order.
    pair.wish(3, "db-01");
    pair.apply()?;
    ensure!(pair.status()?["fenced_by"] == "shut down");
    pair.scene.ws.expect_empty_plan()?;
    Ok(())
}

/// The primary is cut off from everything: it stops before its lease ends; before that it is not replaced, after that it is;
/// and when it comes back it does not start.
#[test]
fn a_primary_that_is_cut_off_stops_before_another_begins() -> Result<()> {
    let lease = Duration::from_secs(24);
    let Some(mut pair) = Pair::start("a_primary_that_is_cut_off_stops_before_another_begins", Some("24s"))?
    else {
        return Ok(());
    };
    wait_until("a lease", Duration::from_secs(30), || {
        let epoch = pair.scene.store.object("db/hybridops/epoch.json")?;
        Ok(!String::from_utf8_lossy(&epoch).contains("\"expires\":0"))
    })?;
    pair.scene.real()?.cut(pair.one.vmid)?;
    let cut = Instant::now();
    pair.wish(2, "db-02");
    let moved = pair.apply()?;
    let took = cut.elapsed();
    let status = pair.status()?;
    ensure!(status["fenced_by"] == "lease", "{status}");
    ensure!(took > lease / 2, "promoted {took:?} after the cut: before the lease ended");
    // Looked at past the network: the old server stopped by itself, and before the new one was promoted.
    let stopped = pair.scene.exec(&pair.one, "stat -c %Y /var/lib/postgresql/15/main.hybridops-fence")?;
    let promoted = pair.scene.value(
        &pair.two,
        "SELECT extract(epoch FROM (pg_stat_file('pg_wal/00000002.history')).modification)::bigint",
    )?;
    let (stopped, promoted): (i64, i64) = (stopped.parse()?, promoted.parse()?);
    pair.scene.tell(&format!(
        "cut off: stopped itself {} s before the promotion, apply {:.1} s",
        promoted - stopped,
        moved.took.as_secs_f64()
    ))?;
    ensure!(stopped <= promoted, "both took writes for {} s", stopped - promoted);
    let flag = pair.scene.exec(&pair.one, "cat /var/lib/postgresql/15/main.hybridops-fence")?;
    ensure!(flag.contains("lease"), "{flag}");
    pair.scene.real()?.mend(pair.one.vmid)?;
    let started =
        pair.scene.exec(&pair.one, "systemctl start postgresql@15-main; sleep 1; pg_lsclusters -h")?;
    ensure!(started.contains("down"), "it started: {started}");
    Ok(())
}
