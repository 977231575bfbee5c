//! The examples of the documentation work as they stand.

use acceptance_tests::proxmox::{Samples, examples};
use anyhow::{Error, Result, ensure};
use catalogue::description::{Kind, Version};
use domain_proxmox::table::KINDS;
use hybridops_lab::Release;
use serde_json::json;

use crate::lifecycle::differences;
use crate::scene::Scene;

/// What the stand-in does not serve.
const NOT_SERVED: [&str; 1] = ["cluster/sdn/fabrics/"];

#[test]
fn examples_work() -> Result<()> {
    let newer = Version::new(9, 1);
    let served = |kind: &&&Kind| !NOT_SERVED.iter().any(|start| kind.path.starts_with(start));
    for kind in KINDS.iter().filter(|kind| !served(kind)) {
        println!("not tried: {}: the stand-in does not serve it", kind.path);
    }
    let (on_9, on_8): (Vec<&Kind>, Vec<&Kind>) =
        KINDS.iter().filter(served).copied().partition(|kind| kind.available.covers(newer));
    applied(Release::V9, &on_9)?;
    // What newer servers no longer have.
    ensure!(!on_8.is_empty(), "nothing is of 8.4 alone");
    applied(Release::V8_4, &on_8)
}

fn applied(release: Release, kinds: &[&Kind]) -> Result<()> {
    let it = Scene::start(release)?;
    // The other guest of a rule that keeps two apart.
    it.lab.call("POST", "/cluster/ha/resources", &json!({"sid": "vm:101"})).map_err(Error::msg)?;
    let before = it.lab.config();
    it.ws.write("main.tf", &examples::together(kinds, &Samples::load()?).map_err(Error::msg)?)?;
    it.ws.run(&["fmt", "-check", "-diff", "main.tf"])?.ok()?;
    it.told(&format!("apply {} examples", kinds.len()), || it.ws.apply())?;
    it.expect_nothing_to_do("all examples")?;
    it.told("destroy the examples", || it.ws.destroy())?;
    let left = differences(&before, &it.lab.config());
    ensure!(left.is_empty(), "left behind: {}", left.join(", "));
    Ok(())
}
