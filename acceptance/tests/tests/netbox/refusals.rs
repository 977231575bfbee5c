//! What cannot be is refused before anything is written, in words that help.

use anyhow::{Context as _, Result, ensure};
use hybridops_lab::NetBoxVersion;
use serde_json::json;

use crate::scene::Scene;

/// A configuration that is refused, and what must be said about it.
struct Case {
    what: &'static str,
    text: &'static str,
    says: &'static [&'static str],
}

const fn case(what: &'static str, text: &'static str, says: &'static [&'static str]) -> Case {
    Case { what, text, says }
}

const SITE: &str = "resource \"hybridops_netbox_site\" \"it\" {\n  name = \"Ams 1\"\n";

/// Refused by `terraform validate`, without a server.
const OFFLINE: &[Case] = &[
    case(
        "over-long text",
        "facility = \"123456789012345678901234567890123456789012345678901\"",
        &["facility", "50"],
    ),
    case("bad slug", "slug = \"not a slug\"", &["slug", "letters, digits, hyphens and underscores"]),
    case("number out of bounds", "latitude = 91", &["latitude", "90"]),
    case("reference that is none", "tenant = true", &["tenant", "a slug or name"]),
    case("list for custom fields", "custom_fields = [1]", &["custom_fields", "object of custom fields"]),
    case("both ways of tags", "tags = [\"a\"]\n  add_tags = [\"b\"]", &["tags", "add_tags"]),
    case("unknown way to adopt", "adopt = \"maybe\"", &["adopt", "if_exists"]),
];

/// Whole configurations that are refused by `terraform validate`.
const OFFLINE_WHOLE: &[Case] = &[
    case(
        "bad prefix",
        "resource \"hybridops_netbox_prefix\" \"it\" {\n  prefix = \"10.0.0.1/8\"\n}\n",
        &["prefix", "without host bits"],
    ),
    case(
        "bad address",
        "resource \"hybridops_netbox_ip_address\" \"it\" {\n  address = \"10.0.0.300/24\"\n}\n",
        &["address", "an IP address"],
    ),
    case(
        "bad MAC address",
        "resource \"hybridops_netbox_mac_address\" \"it\" {\n  mac_address = \"02:00\"\n}\n",
        &["mac_address", "a MAC address"],
    ),
    case(
        "bad URL",
        "resource \"hybridops_netbox_contact\" \"it\" {\n  name = \"x\"\n  link = \"example\"\n}\n",
        &["link", "a URL"],
    ),
    case(
        "bad JSON",
        "resource \"hybridops_netbox_config_context\" \"it\" {\n  name = \"x\"\n  data = \"{\"\n}\n",
        &["data", "jsonencode"],
    ),
    case(
        "two targets",
        "resource \"hybridops_netbox_prefix\" \"it\" {\n  prefix = \"10.0.0.0/8\"\n  scope = { site = 1, region = 1 }\n}\n",
        &["scope", "site", "region"],
    ),
    case(
        "no target",
        "resource \"hybridops_netbox_prefix\" \"it\" {\n  prefix = \"10.0.0.0/8\"\n  scope = {}\n}\n",
        &["Set exactly one of", "site_group"],
    ),
    case(
        "missing argument",
        "resource \"hybridops_netbox_circuit\" \"it\" {\n  cid = \"x\"\n}\n",
        &["circuit_provider", "required"],
    ),
    case(
        "unknown filter",
        "data \"hybridops_netbox_sites\" \"it\" {\n  filters = { sluug = [\"x\"] }\n}\n",
        &["There is no filter \"sluug\"", "Did you mean \"slug\"?"],
    ),
    case("nothing asked", "data \"hybridops_netbox_site\" \"it\" {}\n", &["Which site is meant?", "slug"]),
];

/// Refused by `terraform plan`, which asks the server.
const PLANNED: &[Case] = &[
    case("unknown choice", "status = \"nope\"", &["Unknown choice", "does not know \"nope\"", "active, "]),
    case(
        "reference that matches nothing",
        "tenant = \"nobody\"",
        &["Reference matches nothing", "no tenant with slug \"nobody\"", "tenant"],
    ),
    case(
        "reference that matches several",
        "region = { name = \"Twins\" }",
        &["Reference matches several objects", "name = \"Twins\"", "region"],
    ),
    case(
        "unknown tag",
        "tags = [\"nope\"]",
        &["Reference matches nothing", "no tag with slug \"nope\"", "tags"],
    ),
    case(
        "unknown custom field",
        "custom_fields = { nope = 1 }",
        &["Unknown custom field", "There is no custom field \"nope\"", "rank"],
    ),
    case(
        "custom field of another type",
        "custom_fields = { rank = \"7\" }",
        &["Custom field has another type", "\"rank\" takes a whole number, not the text \"7\""],
    ),
    case(
        "member that is not there",
        "asns = [\"nope\"]",
        &["Reference matches nothing", "no ASN with asn \"nope\"", "asns"],
    ),
];

#[test]
fn bad_input_is_refused_before_anything_is_written() -> Result<()> {
    let Some(it) = Scene::lab("refusals::bad_input_is_refused", NetBoxVersion::V4_6)? else { return Ok(()) };
    let netbox = it.netbox()?;
    for slug in ["twins-1", "twins-2"] {
        let parent = netbox.insert("dcim/regions", json!({"name": slug, "slug": slug}))?;
        netbox.insert("dcim/regions", json!({"name": "Twins", "slug": "twins", "parent": parent}))?;
    }
    netbox.insert(
        "extras/custom-fields",
        json!({"name": "rank", "type": "integer", "object_types": ["dcim.site"]}),
    )?;
    let of_site = |case: &Case| format!("{SITE}  {}\n}}\n", case.text);
    let mut wrong = Vec::new();
    for (case, text) in OFFLINE
        .iter()
        .map(|case| (case, of_site(case)))
        .chain(OFFLINE_WHOLE.iter().map(|case| (case, case.text.to_owned())))
    {
        it.ws.write("main.tf", &text)?;
        wrong.extend(judge(case, &it.ws.validate()?));
    }
    for case in PLANNED {
        it.ws.write("main.tf", &of_site(case))?;
        netbox.journal().clear();
        wrong.extend(judge(case, &it.ws.plan()?));
        let writes = it.writes()?;
        ensure!(writes.is_empty(), "{}: {writes:?}", case.what);
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    println!("{} cases of bad input", OFFLINE.len() + OFFLINE_WHOLE.len() + PLANNED.len());
    Ok(())
}

/// What is wrong with how a case was refused.
fn judge(case: &Case, output: &acceptance_tests::Output) -> Option<String> {
    let said = output.text();
    if output.status.success() {
        return Some(format!("{}: not refused", case.what));
    }
    let missing: Vec<&&str> = case.says.iter().filter(|text| !said.contains(**text)).collect();
    (!missing.is_empty()).then(|| format!("{}: {missing:?} is not in: {}", case.what, output.stderr))
}

#[test]
fn what_the_server_does_not_have_yet_is_told_at_plan() -> Result<()> {
    let Some(it) = Scene::lab("refusals::newer_than_the_server", NetBoxVersion::V4_2)? else { return Ok(()) };
    let cases = [
        (
            "resource \"hybridops_netbox_owner\" \"it\" {\n  name = \"x\"\n}\n",
            ["4.2 does not have this type", "since 4.5", "owner"],
        ),
        (
            "resource \"hybridops_netbox_rack\" \"it\" {\n  name = \"x\"\n  site = 1\n  outer_height = 5\n}\n",
            ["4.2 does not have this field", "outer_height since 4.3", "version 4.2 and would ignore it"],
        ),
        (
            "resource \"hybridops_netbox_cable\" \"it\" {\n  type = \"rg-6\"\n}\n",
            ["Unknown choice", "\"rg-6\" since 4.4", "version 4.2"],
        ),
    ];
    for (text, says) in cases {
        it.ws.write("main.tf", text)?;
        let mut output = it.ws.plan()?.fails()?;
        for text in says {
            output = output.says(text)?;
        }
    }
    ensure!(it.writes()?.is_empty(), "{:?}", it.writes()?);
    Ok(())
}

#[test]
fn trouble_of_the_server_is_readable_and_passes() -> Result<()> {
    use hybridops_lab::{Effect, RequestFault};
    let Some(it) = Scene::lab("refusals::trouble", NetBoxVersion::V4_6)? else { return Ok(()) };
    let netbox = it.netbox()?;
    let html = |status: u16| Effect::HtmlPage { status, title: "Sorry".to_owned() };
    let troubles: [(&str, Effect, &[&str]); 6] = [
        ("HTML with 200", html(200), &["Sorry"]),
        ("HTML with 403", html(403), &["403"]),
        ("bad gateway", html(502), &["502"]),
        ("half an answer", Effect::Truncate, &[]),
        ("a login page", Effect::Redirect { location: "/login/?next=/api/".to_owned() }, &["/login/"]),
        ("an error of the server", Effect::Status { status: 500, message: "boom".to_owned() }, &["500"]),
    ];
    for (number, (what, effect, says)) in troubles.into_iter().enumerate() {
        let name = format!("tag-{number}");
        it.ws.write(
            "main.tf",
            &format!("resource \"hybridops_netbox_tag\" \"it\" {{\n  name = \"{name}\"\n}}\n"),
        )?;
        netbox.faults().add(RequestFault {
            method: "POST".to_owned(),
            path: "^/api/extras/tags/$".to_owned(),
            nth: 1,
            times: 0,
            effect,
        })?;
        let output = it.ws.apply()?;
        netbox.faults().clear();
        ensure!(!output.status.success(), "{what} went through");
        let said = output.text();
        for text in says.iter().chain(&["tag"]) {
            ensure!(said.contains(text), "{what}: {text:?} is not in {}", output.stderr);
        }
        ensure!(!said.contains("expected value at line"), "{what}: a decoder speaks: {}", output.stderr);
        it.ws.apply()?.ok().context(what)?;
        it.ws.expect_empty_plan()?;
        let same = netbox.objects("extras/tags").iter().filter(|tag| tag["name"] == json!(name)).count();
        ensure!(same == 1, "{what}: {same} tags called {name}");
        it.ws.destroy()?.ok()?;
    }
    Ok(())
}

#[test]
fn what_the_token_may_not_do_is_named() -> Result<()> {
    let Some(mut it) = Scene::lab("refusals::permissions", NetBoxVersion::V4_6)? else { return Ok(()) };
    it.ws.write("main.tf", "resource \"hybridops_netbox_tag\" \"it\" {\n  name = \"x\"\n}\n")?;
    let limited = {
        let netbox = it.netbox()?;
        let user = netbox.add_user("limited", "limited-password");
        netbox.grant(user, &["extras.tag"], &["view"], &serde_json::Value::Null);
        netbox.add_token(user, hybridops_lab::TokenKind::V2)
    };
    let good = it.ws.env("NETBOX_API_TOKEN").context("a token")?.to_owned();
    it.ws.set_env("NETBOX_API_TOKEN", limited);
    it.ws.apply()?.fails()?.says("extras.add_tag")?;
    it.ws.set_env("NETBOX_API_TOKEN", "nbt_000000000000.0000000000000000000000000000000000000000");
    it.ws.apply()?.fails()?.says("does not accept the token")?.says("NETBOX_API_TOKEN")?;
    it.ws.set_env("NETBOX_API_TOKEN", good);
    it.ws.apply()?.ok()?;
    it.ws.expect_empty_plan()?;
    Ok(())
}
