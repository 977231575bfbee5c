//! What the tests of virtual machines share: a stand-in cluster, a configuration, and eyes to look with.

mod config;
mod look;
mod site;

use std::io::Write as _;
use std::process::Command;

use acceptance_tests::terraform_or_skip;
use anyhow::{Result, bail};

pub(crate) use config::Vm;
pub(crate) use site::Site;

/// Address of the guest in every configuration of these tests.
pub(crate) const ADDRESS: &str = "hybridops_proxmox_vm.it";

/// VMID of the template that every site has.
pub(crate) const TEMPLATE: u32 = 9000;

/// Where this is `1` a missing `qemu-img` is a failure.
const REQUIRE: &str = "HYBRIDOPS_REQUIRE_QEMU_IMG";

/// Whether there is what these tests need; says aloud when not.
pub(crate) fn ready(test: &str) -> Result<bool> {
    if !terraform_or_skip(test)? {
        return Ok(false);
    }
    if Command::new("qemu-img").arg("-V").output().is_ok() {
        return Ok(true);
    }
    if std::env::var_os(REQUIRE).is_some_and(|value| value == "1") {
        bail!("there is no qemu-img, and {REQUIRE}=1");
    }
    writeln!(std::io::stderr(), "SKIPPED {test}: there is no qemu-img")?;
    Ok(false)
}
