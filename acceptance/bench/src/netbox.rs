//! NetBox: how many requests and how much time a thousand objects take, beside as many of Terraform's own.
//!
//! The server is the lab's, which answers in no time: what is measured is the provider and Terraform, and the number of
//! requests, which is what a real server's time goes by.

use std::fmt::Write as _;

use acceptance_tests::{Provider, Workspace};
use anyhow::{Context as _, Result, ensure};
use hybridops_lab::{Lab, LabConfig, NetBox, NetBoxConfig};

use crate::report::Report;
use crate::start::to_f64;
use crate::statistics::Samples;

/// A refresh of a thousand objects of many kinds takes fewer requests than this.
const REFRESH: f64 = 20.0;

/// Making a thousand addresses with two tags each takes no more than this.
const CREATE: f64 = 1_005.0;

const PROVIDER: &str = "provider \"hybridops\" {\n  netbox = {}\n}\n";

/// A thousand addresses, or as many as are wanted, with two tags each.
fn addresses(objects: usize) -> String {
    format!(
        r#"{PROVIDER}
resource "hybridops_netbox_ip_address" "it" {{
  count   = {objects}
  address = "10.${{floor(count.index / 250)}}.${{count.index % 250}}.1/32"
  tags    = ["red", "blue"]
}}
"#
    )
}

/// Objects of ten kinds, as many of each.
fn mixed(objects: usize) -> String {
    let mut text = PROVIDER.to_owned();
    let each = objects / 10;
    let plain = [
        "region",
        "site_group",
        "tenant_group",
        "manufacturer",
        "rack_role",
        "rir",
        "cluster_type",
        "cluster_group",
    ];
    for kind in plain {
        let _ = writeln!(
            text,
            "resource \"hybridops_netbox_{kind}\" \"it\" {{\n  count = {each}\n  name  = \"{kind} ${{count.index}}\"\n}}"
        );
    }
    let _ = writeln!(
        text,
        "resource \"hybridops_netbox_tenant\" \"it\" {{\n  count = {each}\n  name  = \"tenant ${{count.index}}\"\n  \
         group = hybridops_netbox_tenant_group.it[count.index].id\n}}\nresource \"hybridops_netbox_site\" \"it\" {{\n  \
         count  = {each}\n  name   = \"site ${{count.index}}\"\n  tenant = \
         hybridops_netbox_tenant.it[count.index].id\n}}"
    );
    text
}

/// What a run took: seconds of Terraform's, and requests.
struct Took {
    milliseconds: f64,
    requests: f64,
}

fn took(ws: &Workspace, server: &NetBox, arguments: &[&str]) -> Result<Took> {
    let before = server.journal().all().len();
    let took = ws.run(arguments)?.ok()?.took;
    let requests = server.journal().all().len() - before;
    Ok(Took { milliseconds: took.as_secs_f64() * 1_000.0, requests: to_f64(u64::try_from(requests)?) })
}

fn one(value: f64) -> Samples {
    let mut samples = Samples::default();
    samples.push(value);
    samples
}

/// A configuration of Terraform's own objects, as the floor.
fn floor(provider: &Provider, objects: usize) -> Result<[f64; 2]> {
    let ws = Workspace::ready(std::slice::from_ref(provider))?;
    ws.write("versions.tf", "")?;
    ws.write("main.tf", &format!("resource \"terraform_data\" \"it\" {{ count = {objects} }}\n"))?;
    let time =
        |arguments: &[&str]| Ok::<f64, anyhow::Error>(ws.run(arguments)?.ok()?.took.as_secs_f64() * 1_000.0);
    Ok([time(&["apply", "-auto-approve"])?, time(&["plan", "-detailed-exitcode"])?])
}

pub(crate) async fn measure(provider: &Provider, objects: usize, report: &mut Report) -> Result<()> {
    let [floor_create, floor_plan] = floor(provider, objects)?;
    for (name, configuration) in
        [("addresses with two tags", addresses(objects)), ("objects of ten kinds", mixed(objects))]
    {
        let netbox = Some(NetBoxConfig::default());
        let lab = Lab::start(LabConfig { netbox, ..LabConfig::default() }).await?;
        let server = lab.netbox().context("the lab has a NetBox")?;
        for slug in ["red", "blue"] {
            let body = serde_json::json!({ "name": slug, "slug": slug });
            ensure!(server.insert("extras/tags", body).is_ok(), "the tag {slug} cannot be made");
        }
        let mut ws = Workspace::ready(std::slice::from_ref(provider))?;
        for (variable, value) in lab.environment() {
            ws.set_env(&variable, value);
        }
        ws.write("main.tf", &configuration)?;
        let create = took(&ws, server, &["apply", "-auto-approve", "-parallelism=10"])?;
        let plan = took(&ws, server, &["plan", "-detailed-exitcode"])?;
        let create_goal = (objects == 1000 && name.starts_with("addresses")).then_some(CREATE);
        report.add(
            format!("NetBox, {objects} {name}: requests to create"),
            "",
            &one(create.requests),
            create_goal,
        );
        report.add(
            format!("NetBox, {objects} {name}: requests to refresh"),
            "",
            &one(plan.requests),
            Some(REFRESH),
        );
        report.add(
            format!("NetBox, {objects} {name}: create, ratio to terraform_data"),
            "x",
            &one(create.milliseconds / floor_create),
            None,
        );
        report.add(
            format!("NetBox, {objects} {name}: plan without changes, ratio to terraform_data"),
            "x",
            &one(plan.milliseconds / floor_plan),
            None,
        );
    }
    Ok(())
}
