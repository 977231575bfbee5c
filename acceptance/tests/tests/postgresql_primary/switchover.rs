//! Planned moves under load: nothing that was acknowledged is lost.

use std::time::Duration;

use acceptance_tests::postgresql::Load;
use anyhow::{Result, ensure};

use crate::pair::{NAMES, Pair};

/// Moves in a row.
const MOVES: u64 = 10;

#[test]
fn ten_switchovers_under_load_lose_nothing() -> Result<()> {
    let Some(mut pair) = Pair::start("ten_switchovers_under_load_lose_nothing", None)? else { return Ok(()) };
    let load = Load::start(&pair.addresses(), 4, Duration::from_millis(5))?;
    std::thread::sleep(Duration::from_secs(1));
    for epoch in 2..=MOVES + 1 {
        let to = NAMES[usize::try_from(epoch + 1)? % 2];
        let before = load.count();
        pair.wish(epoch, to);
        let moved = pair.apply()?;
        let status = pair.status()?;
        ensure!(status["holder"] == to && status["fenced_by"] == "shut down", "{status}");
        pair.scene.tell(&format!(
            "epoch {epoch}: {to} in {:.1} s, {} rows while it moved; milliseconds by step: {}",
            moved.took.as_secs_f64(),
            load.count() - before,
            status["took_milliseconds"]
        ))?;
        std::thread::sleep(Duration::from_millis(500));
    }
    let acknowledged = load.stop();
    let last = NAMES[usize::try_from(MOVES)? % 2];
    pair.wait_caught_up(last)?;
    for name in NAMES {
        let missing = pair.missing(&acknowledged, name)?;
        ensure!(
            missing.is_empty(),
            "{} of {} lost on {name}: {missing:?}",
            missing.len(),
            acknowledged.len()
        );
    }
    pair.scene.tell(&format!("{MOVES} moves: 0 of {} acknowledged rows lost", acknowledged.len()))?;
    pair.scene.ws.expect_empty_plan()?;
    Ok(())
}
