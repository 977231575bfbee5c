//! The provider is killed at every request it makes: the next apply puts everything right.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use hybridops_lab::{Effect, NetBoxVersion};
use serde_json::json;

use crate::site::{Site, site};

/// A kind with a unique slug, one that the server would make twice, one with a generic relation, one with members.
fn configuration(text: &str, peers: &str) -> String {
    format!(
        r#"
resource "hybridops_netbox_site" "s" {{
  name          = "S"
  description   = "{text}"
  tags          = ["a"]
  custom_fields = {{ amount = 5 }}
}}
resource "hybridops_netbox_prefix" "p" {{
  prefix      = "10.0.0.0/24"
  description = "{text}"
  scope       = {{ site = hybridops_netbox_site.s.id }}
}}
resource "hybridops_netbox_journal_entry" "j" {{
  assigned_object = {{ site = hybridops_netbox_site.s.id }}
  comments        = "{text}"
}}
resource "hybridops_netbox_vrf" "v" {{
  name           = "V"
  description    = "{text}"
  import_targets = [{peers}]
}}
"#
    )
}

fn prepared() -> Result<Option<Site>> {
    let Some(site) = site("netbox_robust", NetBoxVersion::V4_6)? else { return Ok(None) };
    site.make("extras/tags", json!({"name": "A", "slug": "a"}))?;
    site.make(
        "extras/custom-fields",
        json!({"name": "amount", "type": "integer", "object_types": ["dcim.site"]}),
    )?;
    for name in ["65000:1", "65000:2"] {
        site.make("ipam/route-targets", json!({"name": name}))?;
    }
    Ok(Some(site))
}

/// Each object once, with this text.
fn exactly(site: &Site, text: &str) -> Result<()> {
    for (path, field) in [
        ("dcim/sites", "description"),
        ("ipam/prefixes", "description"),
        ("extras/journal-entries", "comments"),
        ("ipam/vrfs", "description"),
    ] {
        let objects = site.netbox()?.objects(path);
        ensure!(objects.len() == 1, "{} objects of {path}", objects.len());
        ensure!(objects[0][field] == text, "{path}: {}", objects[0]);
    }
    Ok(())
}

fn nothing(site: &Site) -> Result<()> {
    for path in ["dcim/sites", "ipam/prefixes", "extras/journal-entries", "ipam/vrfs"] {
        let left = site.netbox()?.count(path);
        ensure!(left == 0, "{left} objects of {path} are left");
    }
    Ok(())
}

/// Every request as `(method, how-manieth of its method)`.
fn numbered(requests: &[String]) -> Vec<(String, u64)> {
    let mut seen: BTreeMap<String, u64> = BTreeMap::new();
    let number = |request: &String| {
        let method = request.split(' ').next().unwrap_or_default().to_owned();
        let nth = seen.entry(method.clone()).and_modify(|count| *count += 1).or_insert(1);
        (method, *nth)
    };
    requests.iter().map(number).collect()
}

#[test]
fn create_change_and_delete_survive_a_kill_at_every_write() -> Result<()> {
    let Some(site) = prepared()? else { return Ok(()) };
    let steps = [
        ("create", configuration("one", "\"65000:1\""), Some("one")),
        ("change", configuration("two", "\"65000:2\""), Some("two")),
        ("delete", String::new(), None),
    ];
    // Once without a fault, to see what is written.
    let mut writes = Vec::new();
    for (_, text, _) in &steps {
        site.declare(text)?;
        site.forget()?;
        site.apply()?.ok()?;
        writes.push(numbered(&site.writes()?));
    }
    nothing(&site)?;
    let mut struck = 0;
    for (index, faults) in writes.iter().enumerate() {
        for (method, nth) in faults {
            for effect in [Effect::KillClientBefore, Effect::KillClientAfter] {
                for (number, (step, text, expected)) in steps.iter().enumerate() {
                    let here = format!("{effect:?} at {method} {nth} of {}", steps[index].0);
                    site.declare(text)?;
                    if number == index {
                        site.fault(method, "", *nth, 1, effect.clone())?;
                        struck += usize::from(!site.apply()?.status.success());
                        site.no_faults()?;
                    }
                    site.apply()?.ok().with_context(|| format!("{here}, {step}"))?;
                    match expected {
                        Some(expected) => {
                            exactly(&site, expected).with_context(|| format!("{here}, {step}"))?
                        }
                        None => nothing(&site).with_context(|| format!("{here}, {step}"))?,
                    }
                }
            }
        }
    }
    let kills: usize = writes.iter().map(|faults| faults.len() * 2).sum();
    println!("{struck} of {kills} kills struck");
    ensure!(kills >= 24 && struck + 4 >= kills, "only {struck} of {kills} runs were killed");
    Ok(())
}
