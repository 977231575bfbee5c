//! Rotation of the keys with which Secrets are encrypted.

use std::time::Duration;

use acceptance_tests::kubernetes::{Quorum, Scene};
use anyhow::{Result, ensure};

use super::place::{RKE2, VERSION, starts};

/// A new key, all servers restarted one by one with the majority kept, and not again.
#[test]
fn encryption_keys_are_rotated_once() -> Result<()> {
    let Some(scene) = Scene::start("encryption_keys_are_rotated_once")? else { return Ok(()) };
    let [a, b, c] = scene.machines(11, ["a", "b", "c"])?;
    let all = [&a, &b, &c];
    scene.cluster_by_hand(RKE2, VERSION, &all)?;
    let cluster = scene.cluster(RKE2, VERSION, &all);
    scene.converge(&[&cluster])?;
    let status = || scene.exec(&b, "rke2 secrets-encrypt status 2>&1");
    let key = |status: &str| status.lines().find(|line| line.contains('*')).unwrap_or_default().to_owned();
    let (before, started) = (status()?, starts(&scene, &all)?);
    let quorum = Quorum::watch(&scene, RKE2, &all)?;
    scene.converge(&[&cluster.clone().set("rotation.encryption_keys", "1")])?;
    quorum.end().expect_kept(Duration::from_secs(15))?;
    let after = status()?;
    ensure!(key(&before) != key(&after), "{before}\n{after}");
    ensure!(after.contains("reencrypt_finished"), "{after}");
    let restarted = starts(&scene, &all)?;
    ensure!(started.iter().zip(&restarted).all(|(old, new)| old != new), "not all were restarted");
    // The number is the same: nothing more happens.
    scene.converge(&[&cluster.set("rotation.encryption_keys", "1")])?;
    ensure!(starts(&scene, &all)? == restarted, "it was rotated again");
    Ok(())
}
