//! What only newer cores ask for (identity, lists, actions, generated configuration), asked for over the wire; and
//! through Terraform itself where it is new enough.

use std::path::Path;

use acceptance_tests::{Identity, PluginClient, PluginProcess, Provider, Workspace, terraform};
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value as Json, json};
use tf_value::{Type, Value, msgpack};
use tfplugin_proto::tfplugin6 as pb;

use crate::workspace;

/// A provider whose objects lie in a directory, configured as Terraform would.
struct Host {
    client: PluginClient,
    _plugin: PluginProcess,
    directory: tempfile::TempDir,
}

impl Host {
    async fn start() -> Result<Self> {
        let directory = tempfile::tempdir()?;
        for (shelf, name) in [("main", "a"), ("main", "b"), ("upper", "c")] {
            write_object(directory.path(), shelf, name)?;
        }
        let identity = Identity::generate()?;
        let plugin = PluginProcess::start(&Provider::probe()?.binary, Some(&identity), &[])?;
        let mut client = plugin.handshake().connect(Some(&identity)).await?;
        let config = value(&json!({"directory": directory.path(), "api_token": null}));
        let request = pb::configure_provider::Request {
            terraform_version: "1.16.0".to_owned(),
            config: Some(config),
            client_capabilities: None,
        };
        let answer = client.configure_provider(request).await?.into_inner();
        ensure!(answer.diagnostics.is_empty(), "{:?}", answer.diagnostics);
        Ok(Self { client, _plugin: plugin, directory })
    }

    /// Display name, identity and object of everything listed; then what was said.
    async fn list(
        &mut self,
        filter: &Json,
        limit: i64,
        whole: bool,
    ) -> Result<(Vec<Listed>, Vec<pb::Diagnostic>)> {
        let request = pb::list_resource::Request {
            type_name: "probe_stored".to_owned(),
            config: Some(value(filter)),
            include_resource_object: whole,
            limit,
        };
        let mut stream = self.client.list_resource(request).await?.into_inner();
        let (mut listed, mut diagnostics) = (Vec::new(), Vec::new());
        while let Some(event) = stream.message().await? {
            diagnostics.extend(event.diagnostic);
            if let Some(identity) = event.identity {
                let identity = identity.identity_data.context("an identity")?;
                let object = event.resource_object.map(|object| decode(&object, &stored())).transpose()?;
                listed.push(Listed {
                    name: event.display_name,
                    identity: decode(&identity, &identity_type())?,
                    object,
                });
            }
        }
        Ok((listed, diagnostics))
    }
}

struct Listed {
    name: String,
    identity: Value,
    object: Option<Value>,
}

fn write_object(directory: &Path, shelf: &str, name: &str) -> Result<()> {
    std::fs::create_dir_all(directory.join(shelf))?;
    let object = json!({"content": format!("content of {name}"), "created": "long ago"});
    Ok(std::fs::write(directory.join(shelf).join(format!("{name}.json")), object.to_string())?)
}

fn value(json: &Json) -> pb::DynamicValue {
    pb::DynamicValue { json: json.to_string().into_bytes(), msgpack: Vec::new() }
}

fn decode(value: &pb::DynamicValue, ty: &Type) -> Result<Value> {
    Ok(msgpack::decode(&value.msgpack, ty)?)
}

fn identity_type() -> Type {
    Type::object([("name", Type::String), ("shelf", Type::String)])
}

fn stored() -> Type {
    Type::object([
        ("id", Type::String),
        ("shelf", Type::String),
        ("name", Type::String),
        ("content", Type::String),
        ("labels", Type::map(Type::String)),
        ("size", Type::Number),
        ("created", Type::String),
    ])
}

fn text<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    object.get(name).and_then(Value::as_str)
}

#[tokio::test]
async fn lists_what_exists() -> Result<()> {
    let mut host = Host::start().await?;
    let (listed, said) = host.list(&json!({"shelf": null}), 0, false).await?;
    assert!(said.is_empty(), "{said:?}");
    let names: Vec<&str> = listed.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["a on main", "b on main", "c on upper"]);
    assert_eq!(
        (text(&listed[2].identity, "shelf"), text(&listed[2].identity, "name")),
        (Some("upper"), Some("c"))
    );
    assert!(listed.iter().all(|one| one.object.is_none()));

    let (listed, _) = host.list(&json!({"shelf": "main"}), 0, true).await?;
    let objects: Vec<&Value> = listed.iter().filter_map(|one| one.object.as_ref()).collect();
    assert_eq!(objects.len(), 2);
    assert_eq!(text(objects[1], "content"), Some("content of b"));

    let (listed, said) = host.list(&json!({"shelf": null}), 2, false).await?;
    assert_eq!((listed.len(), said.len()), (2, 0), "the limit is kept");
    Ok(())
}

#[tokio::test]
async fn a_list_that_fails_says_so() -> Result<()> {
    let mut host = Host::start().await?;
    std::fs::write(host.directory.path().join("main/b.json"), "no JSON")?;
    let (listed, said) = host.list(&json!({"shelf": null}), 0, true).await?;
    assert_eq!(listed.len(), 1, "what came before stays");
    assert_eq!(said.len(), 1);
    assert_eq!(said[0].summary, "The store does not answer");
    Ok(())
}

#[tokio::test]
async fn identity_is_told_and_imported_by() -> Result<()> {
    let mut host = Host::start().await?;
    let schemas =
        host.client.get_resource_identity_schemas(pb::get_resource_identity_schemas::Request {}).await?;
    let schemas = schemas.into_inner().identity_schemas;
    let known: std::collections::BTreeSet<&str> = schemas.keys().map(String::as_str).collect();
    assert_eq!(known, ["probe_everything", "probe_stored"].into());
    let attribute = |name: &str| {
        schemas["probe_stored"]
            .identity_attributes
            .iter()
            .find(|one| one.name == name)
            .context("an attribute")
    };
    assert!(attribute("name")?.required_for_import && !attribute("name")?.optional_for_import);
    assert!(attribute("shelf")?.optional_for_import && !attribute("shelf")?.required_for_import);

    for (identity, id) in
        [(json!({"shelf": null, "name": "a"}), "main/a"), (json!({"shelf": "upper", "name": "c"}), "upper/c")]
    {
        let request = pb::import_resource_state::Request {
            type_name: "probe_stored".to_owned(),
            identity: Some(pb::ResourceIdentityData { identity_data: Some(value(&identity)) }),
            ..Default::default()
        };
        let answer = host.client.import_resource_state(request).await?.into_inner();
        ensure!(answer.diagnostics.is_empty(), "{:?}", answer.diagnostics);
        let imported = answer.imported_resources.first().context("an object")?;
        let state = decode(imported.state.as_ref().context("a state")?, &stored())?;
        assert_eq!(text(&state, "id"), Some(id));
        let identity =
            imported.identity.as_ref().and_then(|one| one.identity_data.as_ref()).context("an identity")?;
        assert_eq!(text(&decode(identity, &identity_type())?, "name"), text(&state, "name"));

        let request = pb::read_resource::Request {
            type_name: "probe_stored".to_owned(),
            current_state: imported.state.clone(),
            current_identity: imported.identity.clone(),
            ..Default::default()
        };
        let read = host.client.read_resource(request).await?.into_inner();
        assert_eq!(read.new_identity, imported.identity, "reading keeps the identity");

        let request = pb::generate_resource_config::Request {
            type_name: "probe_stored".to_owned(),
            state: imported.state.clone(),
        };
        let generated = host.client.generate_resource_config(request).await?.into_inner();
        let config = decode(generated.config.as_ref().context("a configuration")?, &stored())?;
        assert_eq!(text(&config, "name"), text(&state, "name"));
        for left_out in ["id", "size", "created"] {
            assert_eq!(config.get(left_out), Some(&Value::Null), "{left_out}");
        }
        assert_eq!(text(&config, "shelf"), (id == "upper/c").then_some("upper"), "a default is left out");
    }
    Ok(())
}

#[tokio::test]
async fn actions_tell_of_their_progress() -> Result<()> {
    use pb::invoke_action::event::Type as Event;
    let mut host = Host::start().await?;
    for fail in [false, true] {
        let config = value(&json!({"lines": ["one", "two"], "journal": null, "fail": fail}));
        let request = pb::plan_action::Request {
            action_type: "probe_announce".to_owned(),
            config: Some(config.clone()),
            client_capabilities: None,
        };
        let planned = host.client.plan_action(request).await?.into_inner();
        assert!(planned.diagnostics.is_empty(), "{:?}", planned.diagnostics);
        let request = pb::invoke_action::Request {
            action_type: "probe_announce".to_owned(),
            config: Some(config),
            client_capabilities: None,
        };
        let mut stream = host.client.invoke_action(request).await?.into_inner();
        let (mut progress, mut completed) = (Vec::new(), None);
        while let Some(event) = stream.message().await? {
            ensure!(completed.is_none(), "nothing comes after the end");
            match event.r#type.context("a kind")? {
                Event::Progress(one) => progress.push(one.message),
                Event::Completed(one) => completed = Some(one.diagnostics),
            }
        }
        assert_eq!(progress, ["one", "two"]);
        let summaries: Vec<String> =
            completed.context("an end")?.into_iter().map(|one| one.summary).collect();
        assert_eq!(summaries, if fail { vec!["The announcement failed"] } else { Vec::new() });
    }
    let request = pb::plan_action::Request {
        action_type: "probe_announce".to_owned(),
        config: Some(value(&json!({"lines": [], "journal": null, "fail": null}))),
        client_capabilities: None,
    };
    let refused = host.client.plan_action(request).await?.into_inner();
    assert_eq!(
        refused.diagnostics.first().map(|one| one.summary.as_str()),
        Some("There is nothing to announce")
    );
    Ok(())
}

// === Through Terraform itself ===

/// Whether the installed Terraform is at least this minor version of 1; says aloud where it is not.
fn at_least(ws: &Workspace, minor: u32, test: &str) -> Result<bool> {
    let version: Json = serde_json::from_str(&ws.run(&["version", "-json"])?.ok()?.stdout)?;
    let text = version["terraform_version"].as_str().context("a version")?.to_owned();
    let own: u32 = text.split('.').nth(1).context("a minor version")?.parse()?;
    if own < minor {
        use std::io::Write as _;
        let terraform = terraform().unwrap_or_default();
        writeln!(
            std::io::stderr(),
            "SKIPPED {test}: {} is {text}, 1.{minor} is needed",
            terraform.display()
        )?;
    }
    Ok(own >= minor)
}

fn with_objects(ws: &mut Workspace) -> Result<()> {
    let directory = ws.path("store");
    for (shelf, name) in [("main", "a"), ("upper", "c")] {
        write_object(&directory, shelf, name)?;
    }
    ws.set_env("PROBE_DIRECTORY", directory.display().to_string());
    Ok(())
}

#[test]
fn import_by_identity_through_terraform() -> Result<()> {
    let mut ws = workspace!();
    if !at_least(&ws, 12, "import by identity")? {
        return Ok(());
    }
    with_objects(&mut ws)?;
    let import = |provider: &str| {
        let identity = r#"{ shelf = "upper", name = "c" }"#;
        format!("import {{\n  to = probe_stored.it\n  identity = {identity}\n  {provider}\n}}\n")
    };
    // Generating configuration takes the provider from the block; once there is a resource it may not stand there.
    ws.write("main.tf", &import("provider = probe"))?;
    ws.plan_with(&["-generate-config-out=generated.tf"])?.ok()?.says("1 to import, 0 to add, 0 to change")?;
    ws.write("main.tf", &import(""))?;
    let generated = ws.read("generated.tf")?;
    assert!(generated.contains("\"content of c\"") && !generated.contains("created"), "{generated}");
    ws.apply()?.ok()?;
    ws.expect_empty_plan()?;
    assert_eq!(ws.state()?.instance("probe_stored.it")?["identity"], json!({"name": "c", "shelf": "upper"}));
    Ok(())
}

#[test]
fn query_through_terraform() -> Result<()> {
    let mut ws = workspace!();
    if !at_least(&ws, 14, "terraform query")? {
        return Ok(());
    }
    with_objects(&mut ws)?;
    ws.write("provider.tf", "provider \"probe\" {}\n")?;
    ws.write(
        "all.tfquery.hcl",
        r#"
list "probe_stored" "all" {
  provider         = probe
  include_resource = true
}
list "probe_stored" "upper" {
  provider = probe
  config { shelf = "upper" }
}
"#,
    )?;
    let output = ws.run(&["query", "-no-color", "-generate-config-out=found.tf"])?.ok()?;
    let output = output.says("list.probe_stored.all")?.says("a on main")?.says("c on upper")?;
    assert_eq!(output.text().matches("c on upper").count(), 2, "{output}");
    let found = ws.read("found.tf")?;
    assert!(found.contains("\"content of a\"") && found.contains("identity = {"), "{found}");
    Ok(())
}

#[test]
fn actions_through_terraform() -> Result<()> {
    let ws = workspace!();
    if !at_least(&ws, 14, "actions")? {
        return Ok(());
    }
    ws.write(
        "main.tf",
        r#"
action "probe_announce" "done" {
  config {
    lines   = ["first line", "second line"]
    journal = "${path.module}/journal"
  }
}
resource "probe_null" "it" {
  lifecycle {
    action_trigger {
      events  = [after_create]
      actions = [action.probe_announce.done]
    }
  }
}
"#,
    )?;
    ws.apply()?.ok()?.says("second line")?;
    assert_eq!(ws.read("journal")?, "first line\nsecond line\n");
    ws.expect_empty_plan()?;
    Ok(())
}
