//! Bad input: a clear error at validate or plan, and nothing written.

use anyhow::{Context as _, Result, ensure};
use hybridops_lab::NetBoxVersion;
use serde_json::json;

use crate::site::site;

/// What is declared, and what the error says.
type Case = (&'static str, &'static str, &'static [&'static str]);

const CASES: &[Case] = &[
    (
        "an unknown choice",
        r#"resource "hybridops_netbox_site" "x" { 
        name = "X" 
        status = "imagined"
     }"#,
        &["Unknown choice", "\"imagined\"", "planned, staging, active"],
    ),
    (
        "a text that is too long",
        r#"resource "hybridops_netbox_site" "x" { name = "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789x" }"#,
        &["between 1 and 100 characters"],
    ),
    (
        "a prefix with host bits",
        r#"resource "hybridops_netbox_prefix" "x" { prefix = "10.0.0.1/8" }"#,
        &["without host bits"],
    ),
    (
        "an address that is none",
        r#"resource "hybridops_netbox_ip_address" "x" { address = "10.0.0.300/24" }"#,
        &["an IP address such as"],
    ),
    (
        "a MAC address that is none",
        r#"resource "hybridops_netbox_mac_address" "x" { mac_address = "02:00:00" }"#,
        &["a MAC address"],
    ),
    (
        "a slug with a blank",
        r#"resource "hybridops_netbox_site" "x" { 
        name = "X" 
        slug = "a b"
     }"#,
        &["a slug of"],
    ),
    (
        "a number out of bounds",
        r#"resource "hybridops_netbox_vlan" "x" { 
        name = "x" 
        vid = 5000
     }"#,
        &["between 1 and 4094"],
    ),
    (
        "a half number",
        r#"resource "hybridops_netbox_vlan" "x" { 
        name = "x" 
        vid = 1.5
     }"#,
        &["a whole number"],
    ),
    (
        "JSON that is none",
        r#"resource "hybridops_netbox_config_context" "x" { 
        name = "x" 
        data = "{"
     }"#,
        &["jsonencode"],
    ),
    (
        "an unknown custom field",
        r#"resource "hybridops_netbox_site" "x" { 
        name = "X" 
        custom_fields = { colour = "red" }
     }"#,
        &["Unknown custom field", "\"colour\"", "amount"],
    ),
    (
        "a custom field of another type",
        r#"resource "hybridops_netbox_site" "x" { 
        name = "X" 
        custom_fields = { amount = "many" }
     }"#,
        &["takes a whole number", "\"many\""],
    ),
    (
        "a reference that matches nothing",
        r#"resource "hybridops_netbox_site" "x" { 
        name = "X" 
        tenant = "nobody"
     }"#,
        &["matches nothing", "slug \"nobody\""],
    ),
    (
        "a reference that matches several",
        r#"resource "hybridops_netbox_prefix" "x" { 
        prefix = "10.0.0.0/8" 
        vrf = "twice"
     }"#,
        &["matches several", "name \"twice\""],
    ),
    (
        "a reference of no form",
        r#"resource "hybridops_netbox_site" "x" { 
        name = "X" 
        tenant = true
     }"#,
        &["must be an id"],
    ),
    (
        "a member that matches nothing",
        r#"resource "hybridops_netbox_vrf" "x" { 
        name = "X" 
        import_targets = ["65000:9"]
     }"#,
        &["matches nothing", "65000:9"],
    ),
    (
        "a tag that does not exist",
        r#"resource "hybridops_netbox_site" "x" { 
        name = "X" 
        tags = ["nope"]
     }"#,
        &["matches nothing", "nope"],
    ),
    (
        "two targets",
        r#"resource "hybridops_netbox_prefix" "x" { 
        prefix = "10.0.0.0/8" 
        scope = { site = 1, region = 1 }
     }"#,
        &["`region` cannot be set together with `site`"],
    ),
    (
        "no target",
        r#"resource "hybridops_netbox_prefix" "x" { 
        prefix = "10.0.0.0/8" 
        scope = {}
     }"#,
        &["Nothing is referred to"],
    ),
    (
        "a filter that does not exist",
        r#"data "hybridops_netbox_sites" "x" { filters = { stauts = ["active"] } }"#,
        &["Unknown filter", "Did you mean \"status\""],
    ),
    (
        "a filter of a pool that does not exist",
        r#"resource "hybridops_netbox_available_ip_address" "x" { 
        key = "k" 
        prefix_filters = { rol = ["x"] }
     }"#,
        &["Unknown filter", "\"rol\""],
    ),
    (
        "two pools",
        r#"resource "hybridops_netbox_available_ip_address" "x" { 
        key = "k" 
        prefix = 1 
        ip_range = 1
     }"#,
        &["xactly one"],
    ),
    (
        "no key of an allocation",
        r#"resource "hybridops_netbox_available_ip_address" "x" { prefix = 1 }"#,
        &["\"key\" is required"],
    ),
    (
        "tags two ways",
        r#"resource "hybridops_netbox_site" "x" { 
        name = "X" 
        tags = ["a"] 
        add_tags = ["a"]
     }"#,
        &["add_tags"],
    ),
    ("a missing argument", r#"resource "hybridops_netbox_site" "x" {}"#, &["\"name\" is required"]),
    (
        "a word for adopt that is none",
        r#"resource "hybridops_netbox_site" "x" { 
        name = "X" 
        adopt = "always"
     }"#,
        &["\"never\"", "\"if_exists\""],
    ),
    (
        "an object to adopt that is not there",
        r#"resource "hybridops_netbox_site" "x" { 
        name = "X" 
        adopt = "required"
     }"#,
        &["nothing to adopt"],
    ),
    ("a data source that asks nothing", r#"data "hybridops_netbox_site" "x" {}"#, &["Set at least one of"]),
    (
        "a data source that finds nothing",
        r#"data "hybridops_netbox_site" "x" { slug = "nowhere" }"#,
        &["no site with slug=nowhere"],
    ),
];

/// What a server of 4.2 does not have.
const NEWER: &[Case] = &[
    (
        "a field of a newer server",
        r#"resource "hybridops_netbox_site" "x" { 
        name = "X" 
        owner = "me"
     }"#,
        &["4.2 does not have this field", "since 4.5"],
    ),
    (
        "a kind of a newer server",
        r#"resource "hybridops_netbox_rack_group" "x" { 
        name = "X" 
        slug = "x"
     }"#,
        &["does not have this type", "since 4.6"],
    ),
];

fn refused(version: NetBoxVersion, cases: &[Case]) -> Result<()> {
    let Some(site) = site("netbox_robust", version)? else { return Ok(()) };
    site.make(
        "extras/custom-fields",
        json!({"name": "amount", "type": "integer", "object_types": ["dcim.site"]}),
    )?;
    for rd in ["1:1", "1:2"] {
        site.make("ipam/vrfs", json!({"name": "twice", "rd": rd}))?;
    }
    for (what, configuration, expected) in cases {
        site.declare(configuration)?;
        site.forget()?;
        let output =
            site.ws.run(&["plan", "-no-color"])?.fails().with_context(|| format!("{what} was accepted"))?;
        // Terraform breaks lines where it likes.
        let text: String =
            output.text().split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ");
        for part in *expected {
            ensure!(text.contains(part), "{what}: {part:?} is not in\n{}", output.text());
        }
        ensure!(!text.contains("bug in the provider"), "{what}: {}", output.text());
        let writes = site.writes()?;
        ensure!(writes.is_empty(), "{what} was written: {writes:?}");
    }
    Ok(())
}

#[test]
fn bad_input_is_refused_before_anything_is_written() -> Result<()> {
    refused(NetBoxVersion::V4_6, CASES)
}

#[test]
fn what_the_server_does_not_have_is_refused() -> Result<()> {
    refused(NetBoxVersion::V4_2, NEWER)
}
