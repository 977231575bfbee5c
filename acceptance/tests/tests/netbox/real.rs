//! The same life against a real server, where the environment names one.

use anyhow::Result;

use crate::lifecycle::life;
use crate::scene::Scene;

/// Touches only what it makes, by a prefix of its own, and takes it away again, also where it fails. While it runs
/// three custom fields are on every type of object.
#[test]
#[ignore = "needs a real NetBox: make test-real"]
fn real_netbox_every_kind_lives() -> Result<()> {
    let it = Scene::real()?;
    life(&it)
}
