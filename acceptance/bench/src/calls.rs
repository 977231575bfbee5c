//! The calls of a plan and an apply, one after another over the wire: what the provider itself costs.

use std::time::Instant;

use acceptance_tests::{Identity, PluginClient, PluginProcess, Provider};
use anyhow::{Result, ensure};
use serde_json::json;
use tfplugin_proto::tfplugin6 as pb;
use tokio::runtime::Runtime;

use crate::report::Report;
use crate::start::to_f64;
use crate::statistics::Samples;

const TYPE: &str = "probe_null";

pub(crate) fn measure(
    provider: &Provider,
    objects: usize,
    runtime: &Runtime,
    report: &mut Report,
) -> Result<()> {
    let identity = Identity::generate()?;
    let plugin = PluginProcess::start(&provider.binary, Some(&identity), &[])?;
    let mut calls = Calls::default();
    runtime.block_on(async {
        let mut client = plugin.handshake().connect(Some(&identity)).await?;
        configure(&mut client).await?;
        let before = plugin.process().processor_ticks().unwrap_or(0);
        for _ in 0..objects {
            calls.of_one_object(&mut client).await?;
        }
        let ticks = plugin.process().processor_ticks().unwrap_or(0).saturating_sub(before);
        // A tick is a hundredth of a second.
        calls.processor.push(to_f64(ticks) * 10_000.0 / to_f64(u64::try_from(objects)?));
        anyhow::Ok(())
    })?;
    for (name, samples) in [
        ("validate", &calls.validate),
        ("upgrade", &calls.upgrade),
        ("read", &calls.read),
        ("plan", &calls.plan),
        ("apply", &calls.apply),
        ("processor of the provider for all five", &calls.processor),
    ] {
        report.add(format!("one {TYPE}: {name}"), "us", samples, None);
    }
    Ok(())
}

#[derive(Default)]
struct Calls {
    validate: Samples,
    upgrade: Samples,
    read: Samples,
    plan: Samples,
    apply: Samples,
    processor: Samples,
}

fn microseconds(started: Instant) -> f64 {
    started.elapsed().as_secs_f64() * 1e6
}

fn value(json: &serde_json::Value) -> pb::DynamicValue {
    pb::DynamicValue { json: json.to_string().into_bytes(), msgpack: Vec::new() }
}

async fn configure(client: &mut PluginClient) -> Result<()> {
    let config = value(&json!({"directory": null, "api_token": null}));
    let request = pb::configure_provider::Request {
        terraform_version: "1.11.4".to_owned(),
        config: Some(config),
        client_capabilities: None,
    };
    let answer = client.configure_provider(request).await?.into_inner();
    ensure!(answer.diagnostics.is_empty(), "{:?}", answer.diagnostics);
    Ok(())
}

impl Calls {
    /// What Terraform asks of one object in its life, and how long each answer takes to arrive.
    async fn of_one_object(&mut self, client: &mut PluginClient) -> Result<()> {
        let config = value(&json!({"id": null, "input": null}));
        let nothing = value(&json!(null));
        let started = Instant::now();
        let request = pb::validate_resource_config::Request {
            type_name: TYPE.to_owned(),
            config: Some(config.clone()),
            client_capabilities: None,
        };
        let answer = client.validate_resource_config(request).await?.into_inner();
        self.validate.push(microseconds(started));
        ensure!(answer.diagnostics.is_empty(), "{:?}", answer.diagnostics);

        let started = Instant::now();
        let request = pb::plan_resource_change::Request {
            type_name: TYPE.to_owned(),
            prior_state: Some(nothing.clone()),
            proposed_new_state: Some(config.clone()),
            config: Some(config.clone()),
            ..Default::default()
        };
        let planned = client.plan_resource_change(request).await?.into_inner();
        self.plan.push(microseconds(started));
        ensure!(planned.diagnostics.is_empty(), "{:?}", planned.diagnostics);

        let started = Instant::now();
        let request = pb::apply_resource_change::Request {
            type_name: TYPE.to_owned(),
            prior_state: Some(nothing),
            planned_state: planned.planned_state,
            config: Some(config),
            planned_private: planned.planned_private,
            ..Default::default()
        };
        let applied = client.apply_resource_change(request).await?.into_inner();
        self.apply.push(microseconds(started));
        ensure!(applied.diagnostics.is_empty(), "{:?}", applied.diagnostics);

        let started = Instant::now();
        let request = pb::upgrade_resource_state::Request {
            type_name: TYPE.to_owned(),
            version: 0,
            raw_state: Some(pb::RawState {
                json: br#"{"id":"x","input":null}"#.to_vec(),
                ..Default::default()
            }),
        };
        let upgraded = client.upgrade_resource_state(request).await?.into_inner();
        self.upgrade.push(microseconds(started));
        ensure!(upgraded.diagnostics.is_empty(), "{:?}", upgraded.diagnostics);

        let started = Instant::now();
        let request = pb::read_resource::Request {
            type_name: TYPE.to_owned(),
            current_state: upgraded.upgraded_state,
            ..Default::default()
        };
        let read = client.read_resource(request).await?.into_inner();
        self.read.push(microseconds(started));
        ensure!(read.diagnostics.is_empty(), "{:?}", read.diagnostics);
        Ok(())
    }
}
