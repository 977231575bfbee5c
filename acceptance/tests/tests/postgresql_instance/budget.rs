//! What a refresh asks for.

use acceptance_tests::postgresql::{Declared, Scene};
use anyhow::Result;
use hybridops_lab::TEMPLATE_POSTGRESQL;

#[test]
fn a_refresh_is_one_round_trip_and_at_most_two_requests() -> Result<()> {
    let Some(scene) = Scene::start("a_refresh_is_one_round_trip_and_at_most_two_requests")? else {
        return Ok(());
    };
    let machine = scene.machine("db-01", 11, TEMPLATE_POSTGRESQL)?;
    let declared = Declared::host("it", &machine).backed_up(&scene.store, "db01");
    let made = scene.converge(&[&declared])?;
    scene.tell(&format!("a backed-up primary in {:.1} s", made.took.as_secs_f64()))?;
    scene.expect_refresh_within_budget(1)
}
