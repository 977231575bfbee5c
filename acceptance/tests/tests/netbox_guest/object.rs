//! Objects of any type, with types that the lab knows in the place of a plugin's.

use anyhow::{Result, ensure};
use hybridops_lab::{Effect, NetBoxVersion, RequestFault};
use serde_json::json;

use crate::scene::{Scene, VERSIONS, scene};

const IT: &str = "hybridops_netbox_object.it";
const SITES: &str = "dcim/sites";

fn declare(it: &Scene, path: &str, arguments: &str) -> Result<()> {
    let text =
        format!("resource \"hybridops_netbox_object\" \"it\" {{\npath = \"{path}\"\n{arguments}\n}}\n");
    it.ws.write("main.tf", &text)
}

const BODY: &str = r#"body = {
  name = "Amsterdam"
  slug = "ams1"
  status = "active"
  tenant = { slug = "acme" }
  latitude = 52.37
  tags = [{ slug = "web" }, { slug = "prod" }]
  description = ""
  facility = null
}"#;

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_owned_one_by_one() -> Result<()> {
    for version in VERSIONS {
        let it = scene!(version);
        declare(&it, SITES, BODY)?;
        it.ws.apply()?.ok()?;
        it.ws.expect_empty_plan()?;
        ensure!(it.ws.state()?.get(IT, "display")? == &json!("Amsterdam"));
        // What is not named is not ours.
        it.netbox().change(SITES, 1, json!({"comments": "by hand", "facility": "x", "status": "planned"}))?;
        it.ws.planned()?.expect(&[(IT, "update")])?;
        it.forget_requests();
        it.ws.apply_plan()?.ok()?;
        // The second one sends an empty text for the null that the server does not take.
        ensure!(it.writes() == ["PATCH /api/dcim/sites/1/"; 2], "{:?}", it.writes());
        let site = it.netbox().object(SITES, 1).unwrap_or_default();
        ensure!(
            site["comments"] == "by hand" && site["facility"] == "" && site["status"]["value"] == "active"
        );
        // A key that is taken out keeps its value, at no request.
        declare(&it, SITES, &BODY.replace("  latitude = 52.37\n", ""))?;
        it.ws.plan()?.ok()?;
        it.forget_requests();
        it.ws.apply_plan()?.ok()?;
        ensure!(
            it.writes().is_empty() && it.netbox().object(SITES, 1).unwrap_or_default()["latitude"] == 52.37
        );
        declare(&it, SITES, &BODY.replace("latitude = 52.37", "latitude = null"))?;
        it.ws.apply()?.ok()?;
        ensure!(it.netbox().object(SITES, 1).unwrap_or_default()["latitude"].is_null());
        it.ws.expect_empty_plan()?;
        it.ws.destroy()?.ok()?;
        ensure!(it.all(SITES).is_empty());
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn imported_with_a_body_that_names_a_part() -> Result<()> {
    for version in VERSIONS {
        let it = scene!(version);
        it.insert(SITES, json!({"name": "Other", "slug": "other"}))?;
        let id =
            it.insert(SITES, json!({"name": "Amsterdam", "slug": "ams1", "tenant": 1, "comments": "x"}))?;
        declare(&it, SITES, "body = { name = \"Amsterdam\", tenant = 1, facility = null }")?;
        for by in [format!("dcim/sites/{id}"), "dcim/sites?slug=ams1".to_owned()] {
            it.ws.import(IT, &by)?.ok()?;
            it.ws.expect_empty_plan()?;
            it.ws.run(&["state", "rm", IT])?.ok()?;
        }
        it.ws.import(IT, "dcim/sites?no_such_filter=1")?.fails()?;
        it.ws.import(IT, "dcim/sites?slug=nope")?.fails()?.says("no such object")?;
        it.ws.import(IT, "sites/x")?.fails()?.says("Import an object by path and id")?;
        // Adopting it instead.
        declare(&it, SITES, "adopt_by = [\"slug\"]\nbody = { slug = \"ams1\", name = \"Amsterdam 1\" }")?;
        it.forget_requests();
        it.ws.apply()?.ok()?;
        ensure!(it.writes() == [format!("PATCH /api/dcim/sites/{id}/")], "{:?}", it.writes());
        it.ws.expect_empty_plan()?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_ignores_is_told_and_nothing_stays() -> Result<()> {
    for version in VERSIONS {
        let it = scene!(version);
        declare(&it, SITES, "body = { name = \"A\", slug = \"a\", colour = \"red\" }")?;
        it.ws.apply()?.fails()?.says("NetBox ignored colour")?.says("deleted again")?;
        ensure!(it.all(SITES).is_empty());
        declare(
            &it,
            SITES,
            "not_compared = [\"colour\"]\nbody = { name = \"A\", slug = \"a\", colour = \"red\" }",
        )?;
        it.ws.apply()?.ok()?;
        it.ws.expect_empty_plan()?;
        it.ws.destroy()?.ok()?;
        declare(&it, SITES, "body = { name = \"A\", slug = \"no slug\" }")?;
        it.ws.apply()?.fails()?.says("slug")?;
        declare(&it, "plugins/nope/things", "body = { name = \"A\" }")?;
        it.ws.apply()?.fails()?.says("Is the plugin installed")?;
        for (arguments, says) in [
            ("body = \"x\"", "no object"),
            ("body = { id = 5 }", "Key cannot be set"),
            ("adopt_by = [\"b\"]\nbody = { a = 5 }", "Key is not in the body"),
        ] {
            declare(&it, SITES, arguments)?;
            it.ws.plan()?.fails()?.says(says)?;
        }
        declare(&it, "/dcim/sites/", BODY)?;
        it.ws.plan()?.fails()?.says("path")?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_and_taken_up() -> Result<()> {
    let it = scene!(NetBoxVersion::V4_6);
    for (method, effect) in [("POST", Effect::KillClientBefore), ("POST", Effect::KillClientAfter)] {
        declare(&it, SITES, BODY)?;
        let fault = RequestFault { method: method.to_owned(), path: String::new(), nth: 1, times: 1, effect };
        it.netbox().faults().add(fault)?;
        it.ws.apply()?.fails()?;
        it.netbox().faults().clear();
        it.ws.apply()?.ok()?;
        ensure!(it.all(SITES).len() == 1);
        it.ws.expect_empty_plan()?;
        it.ws.destroy()?.ok()?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_of_a_plugin() -> Result<()> {
    for version in VERSIONS {
        let it = scene!(version);
        let path = "plugins/lab/widgets";
        let body = r#"body = { name = "w1", size = 5, color = "ff0000", tags = [{ slug = "web" }] }"#;
        declare(&it, path, body)?;
        it.ws.apply()?.ok()?;
        it.ws.expect_empty_plan()?;
        declare(&it, path, &body.replace("size = 5", "size = null"))?;
        it.ws.apply()?.ok()?;
        ensure!(it.all(path)[0]["size"].is_null());
        it.ws.expect_empty_plan()?;
        it.ws.run(&["state", "rm", IT])?.ok()?;
        it.ws.import(IT, "plugins/lab/widgets?name=w1")?.ok()?;
        it.ws.expect_empty_plan()?;
        it.ws.destroy()?.ok()?;
        ensure!(it.all(path).is_empty());
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changed_since_the_plan_is_told() -> Result<()> {
    let it = scene!(NetBoxVersion::V4_6);
    declare(&it, SITES, BODY)?;
    it.ws.apply()?.ok()?;
    declare(&it, SITES, &BODY.replace("active", "planned"))?;
    it.ws.plan()?.ok()?;
    it.netbox().change(SITES, 1, json!({"comments": "theirs"}))?;
    it.ws.apply_plan()?.ok()?;
    declare(&it, SITES, &BODY.replace("active", "retired"))?;
    it.ws.plan()?.ok()?;
    it.netbox().change(SITES, 1, json!({"status": "staging"}))?;
    it.ws.apply_plan()?.fails()?.says("Someone changed status")?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_compared_with_what_was_asked() -> Result<()> {
    for version in VERSIONS {
        let it = scene!(version);
        for (slug, tenant) in [("a", json!(1)), ("b", json!(null)), ("c", json!(1))] {
            it.insert(SITES, json!({"name": slug, "slug": slug, "tenant": tenant}))?;
        }
        let list = |filters: &str| {
            let text = format!(
                "data \"hybridops_netbox_objects\" \"it\" {{\npath = \"dcim/sites\"\nfilters = {{ {filters} }}\n}}\n\
                 output \"slugs\" {{\nvalue = [for o in data.hybridops_netbox_objects.it.objects : jsondecode(o).slug]\n}}\n"
            );
            it.ws.write("main.tf", &text)
        };
        list("tenant = [\"acme\"]")?;
        it.ws.apply()?.ok()?.is_silent_about("Warning")?;
        ensure!(it.ws.outputs()?["slugs"] == json!(["a", "c"]), "{}", it.ws.outputs()?);
        list("slug = [\"a\", \"b\"]")?;
        it.ws.apply()?.ok()?;
        ensure!(it.ws.outputs()?["slugs"] == json!(["a", "b"]));
        list("q = [\"a\"]")?;
        it.ws.apply()?.ok()?.says("could not be compared")?;
        list("limit = [\"1\"]")?;
        it.ws.plan()?.fails()?.says("Not a filter")?;
        // The server ignores it and answers with everything.
        list("comments = [\"nothing has this\"]")?;
        it.ws.plan()?;
    }
    Ok(())
}
