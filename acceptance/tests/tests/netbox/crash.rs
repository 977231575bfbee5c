//! The provider is killed before and after each write: the next apply puts everything right, and nothing is twice.

use acceptance_tests::Output;
use anyhow::{Context as _, Result, ensure};
use hybridops_lab::{Effect, NetBoxVersion, RequestFault};
use serde_json::json;

use crate::scene::Scene;

/// What is made, and how many of each kind there must be in the end.
struct Case {
    name: &'static str,
    before: &'static str,
    after: &'static str,
    counts: &'static [(&'static str, usize)],
}

const SITE: Case = Case {
    name: "a site with tags and custom fields",
    before: r#"
resource "hybridops_netbox_tag" "blue" {
  name = "blue"
}
resource "hybridops_netbox_site" "it" {
  name          = "Ams 1"
  tags          = [hybridops_netbox_tag.blue.slug]
  custom_fields = { rank = 1 }
}
"#,
    after: r#"
resource "hybridops_netbox_tag" "blue" {
  name  = "blue"
  color = "0000ff"
}
resource "hybridops_netbox_site" "it" {
  name          = "Ams 1"
  status        = "planned"
  tags          = []
  custom_fields = { rank = 0 }
}
"#,
    counts: &[("extras/tags", 1), ("dcim/sites", 1)],
};

const NOTES: Case = Case {
    name: "an address, a note on it, and a VRF with targets",
    before: r#"
resource "hybridops_netbox_route_target" "it" {
  name = "65000:1"
}
resource "hybridops_netbox_vrf" "it" {
  name           = "blue"
  import_targets = [hybridops_netbox_route_target.it.name]
}
resource "hybridops_netbox_ip_address" "it" {
  address = "192.0.2.1/24"
  vrf     = hybridops_netbox_vrf.it.id
}
resource "hybridops_netbox_journal_entry" "it" {
  assigned_object = { ip_address = hybridops_netbox_ip_address.it.id }
  comments        = "made"
}
"#,
    after: r#"
resource "hybridops_netbox_route_target" "it" {
  name = "65000:1"
}
resource "hybridops_netbox_vrf" "it" {
  name           = "blue"
  export_targets = [hybridops_netbox_route_target.it.name]
}
resource "hybridops_netbox_ip_address" "it" {
  address  = "192.0.2.1/24"
  dns_name = "one.example.com"
}
resource "hybridops_netbox_journal_entry" "it" {
  assigned_object = { ip_address = hybridops_netbox_ip_address.it.id }
  comments        = "changed"
}
"#,
    counts: &[
        ("ipam/route-targets", 1),
        ("ipam/vrfs", 1),
        ("ipam/ip-addresses", 1),
        ("extras/journal-entries", 1),
    ],
};

const DEVICE: Case = Case {
    name: "a device with an interface",
    before: r#"
resource "hybridops_netbox_device" "it" {
  name        = "sw1"
  site        = "ams"
  device_type = "model"
  role        = "switch"
}
resource "hybridops_netbox_interface" "it" {
  device = hybridops_netbox_device.it.id
  name   = "eth0"
  type   = "1000base-t"
}
"#,
    after: r#"
resource "hybridops_netbox_device" "it" {
  name        = "sw1"
  site        = "ams"
  device_type = "model"
  role        = "switch"
  serial      = "1"
}
resource "hybridops_netbox_interface" "it" {
  device = hybridops_netbox_device.it.id
  name   = "eth0"
  type   = "1000base-t"
  mtu    = 9000
}
"#,
    counts: &[("dcim/devices", 1), ("dcim/interfaces", 1)],
};

#[test]
fn a_site_survives() -> Result<()> {
    matrix("crash::a_site_survives", &SITE)
}

#[test]
fn addresses_and_notes_survive() -> Result<()> {
    matrix("crash::addresses_and_notes_survive", &NOTES)
}

#[test]
fn a_device_survives() -> Result<()> {
    matrix("crash::a_device_survives", &DEVICE)
}

fn matrix(test: &str, case: &Case) -> Result<()> {
    let Some(it) = Scene::lab(test, NetBoxVersion::V4_6)? else { return Ok(()) };
    let netbox = it.netbox()?;
    netbox.insert(
        "extras/custom-fields",
        json!({"name": "rank", "type": "integer", "object_types": ["dcim.site"]}),
    )?;
    netbox.insert("dcim/manufacturers", json!({"name": "M", "slug": "m"}))?;
    netbox.insert(
        "dcim/device-types",
        json!({"manufacturer": {"slug": "m"}, "model": "model", "slug": "model"}),
    )?;
    netbox.insert("dcim/device-roles", json!({"name": "Switch", "slug": "switch"}))?;
    if case.counts.iter().all(|(kind, _)| *kind != "dcim/sites") {
        netbox.insert("dcim/sites", json!({"name": "Ams", "slug": "ams"}))?;
    }
    // One after another, so that the n-th write is the same in every run.
    let apply = || it.ws.run(&["apply", "-no-color", "-auto-approve", "-parallelism=1"]);
    let destroy = || it.ws.run(&["destroy", "-no-color", "-auto-approve", "-parallelism=1"]);
    let present = || -> Result<()> {
        for (kind, count) in case.counts {
            ensure!(netbox.count(kind) == *count, "{} of {kind}", netbox.count(kind));
        }
        it.ws.expect_empty_plan().map(drop)
    };
    let absent = || -> Result<()> {
        for (kind, _) in case.counts {
            ensure!(netbox.count(kind) == 0, "{} of {kind} are left", netbox.count(kind));
        }
        Ok(())
    };
    let nothing = || destroy()?.ok().map(drop);
    let made = || -> Result<()> {
        nothing()?;
        it.ws.write("main.tf", case.before)?;
        apply()?.ok()?;
        it.ws.write("main.tf", case.after)
    };
    let fresh = || -> Result<()> {
        nothing()?;
        it.ws.write("main.tf", case.before)
    };
    it.ws.write("main.tf", case.before)?;
    let runs = killed(&it, "POST", &fresh, &apply, &present)?
        + killed(&it, "PATCH", &made, &apply, &present)?
        + killed(&it, "DELETE", &made, &destroy, &absent)?;
    println!("{}: killed {runs} times", case.name);
    Ok(())
}

/// Kills the provider before and after each request of a method that the operation makes.
fn killed(
    it: &Scene,
    method: &str,
    prepare: &dyn Fn() -> Result<()>,
    operation: &dyn Fn() -> Result<Output>,
    check: &dyn Fn() -> Result<()>,
) -> Result<usize> {
    let netbox = it.netbox()?;
    prepare()?;
    netbox.journal().clear();
    operation()?.ok()?;
    let count = netbox.journal().all().iter().filter(|entry| entry.method == method).count();
    ensure!(count > 0, "no {method} was sent");
    check()?;
    let mut runs = 0;
    for nth in 1..=count {
        for effect in [Effect::KillClientBefore, Effect::KillClientAfter] {
            let here = format!("{effect:?} at {method} {nth} of {count}");
            prepare().with_context(|| here.clone())?;
            netbox.faults().add(RequestFault {
                method: method.to_owned(),
                path: String::new(),
                nth: u64::try_from(nth)?,
                times: 1,
                effect,
            })?;
            let struck = operation()?;
            netbox.faults().clear();
            ensure!(!struck.status.success(), "{here} did not strike");
            operation()?.ok().with_context(|| here.clone())?;
            check().context(here)?;
            runs += 1;
        }
    }
    Ok(runs)
}
