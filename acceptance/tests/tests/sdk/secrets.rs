//! Secrets stay where they belong.

use acceptance_tests::{Identity, PluginProcess, Provider, Sweep};
use anyhow::Result;
use tfplugin_proto::tfplugin6 as pb;

use crate::workspace;

/// Not found by accident, and of the characters that encodings change.
const CANARY: &str = "canary+7f3a/9b&\"c0ffee\"é";

#[test]
fn write_only_values_leave_no_trace() -> Result<()> {
    let mut ws = workspace!();
    ws.set_env("TF_VAR_canary", CANARY);
    ws.write(
        "main.tf",
        r#"
variable "canary" {
  type      = string
  ephemeral = true
}
provider "probe" { api_token = var.canary }
ephemeral "probe_token" "it" { seed = var.canary }
resource "probe_everything" "it" {
  password         = "${var.canary}${ephemeral.probe_token.it.token}"
  password_version = 1
}
resource "probe_everything" "failing" {
  password = var.canary
  capacity = 1
  volume   = "nonsense"
}
"#,
    )?;
    let mut sweep = Sweep::new(&[CANARY]);
    for arguments in [&["validate"][..], &["plan", "-out", "tfplan"], &["apply", "-auto-approve"]] {
        let output = ws.terraform()?.args(arguments).log("trace").watched().run()?;
        sweep.output(&output);
    }
    ws.write("extra.tf", "output \"hash\" { value = probe_everything.it.password_hash }")?;
    for arguments in
        [&["plan"][..], &["apply", "-auto-approve"], &["show", "-json"], &["destroy", "-auto-approve"]]
    {
        let output = ws.terraform()?.args(arguments).log("json").watched().run()?;
        sweep.output(&output);
    }
    sweep.workspace(&ws)?;
    sweep.clean()
}

#[test]
fn the_sweep_finds_what_is_stored() -> Result<()> {
    let mut ws = workspace!();
    ws.set_env("TF_VAR_canary", CANARY);
    let config = "variable \"canary\" {}\nresource \"probe_everything\" \"it\" { secret = var.canary }";
    ws.write("main.tf", config)?;
    ws.plan()?.ok()?;
    ws.apply()?.ok()?.is_silent_about(CANARY)?;
    let mut sweep = Sweep::new(&[CANARY]);
    sweep.workspace(&ws)?;
    for place in ["terraform.tfstate", "tfplan:tfplan"] {
        assert!(sweep.leaks().iter().any(|leak| leak.place.ends_with(place)), "{place}: {:?}", sweep.leaks());
    }
    Ok(())
}

/// A core before 1.11 does not say that it keeps write-only values out of its state.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn write_only_is_refused_where_it_would_be_stored() -> Result<()> {
    let identity = Identity::generate()?;
    let plugin = PluginProcess::start(&Provider::probe()?.binary, Some(&identity), &[])?;
    let mut client = plugin.handshake().connect(Some(&identity)).await?;
    for (allowed, password, refused) in [(false, true, true), (true, true, false), (false, false, false)] {
        let config = everything_with(password.then_some("a secret"));
        let request = pb::validate_resource_config::Request {
            type_name: "probe_everything".to_owned(),
            config: Some(config),
            client_capabilities: Some(pb::ClientCapabilities {
                write_only_attributes_allowed: allowed,
                ..pb::ClientCapabilities::default()
            }),
        };
        let answer = client.validate_resource_config(request).await?.into_inner();
        let errors: Vec<&str> = answer.diagnostics.iter().map(|one| one.detail.as_str()).collect();
        assert_eq!(
            errors.iter().any(|detail| detail.starts_with("password is write-only")),
            refused,
            "{allowed}: {errors:?}"
        );
        assert_eq!(errors.len(), usize::from(refused), "{errors:?}");
        assert!(!errors.concat().contains("a secret"));
    }
    Ok(())
}

/// The configuration of a `probe_everything` as Terraform sends it: every attribute is there.
fn everything_with(password: Option<&str>) -> pb::DynamicValue {
    let mut config = serde_json::Map::new();
    for name in EVERYTHING {
        config.insert((*name).to_owned(), serde_json::Value::Null);
    }
    for name in ["step", "aside"] {
        config.insert(name.to_owned(), serde_json::json!([]));
    }
    config.insert("password".to_owned(), serde_json::json!(password));
    pb::DynamicValue { json: serde_json::Value::Object(config).to_string().into_bytes(), msgpack: Vec::new() }
}

const EVERYTHING: &[&str] = &[
    "id",
    "revision",
    "text",
    "number",
    "integer",
    "fraction",
    "flag",
    "list",
    "set",
    "map",
    "map_of_lists",
    "nested_single",
    "nested_list",
    "nested_set",
    "nested_map",
    "anything",
    "either",
    "either_or_null",
    "usual",
    "usual_number",
    "usual_list",
    "secret",
    "password_version",
    "password_hash",
    "document",
    "documents",
    "network",
    "host",
    "hardware",
    "volume",
    "patience",
    "colour",
    "shape",
    "capacity",
    "place",
    "old_text",
    "type",
    "last",
    "timeouts",
];
