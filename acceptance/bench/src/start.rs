//! From the start of the process to its first answer.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use acceptance_tests::{Identity, PluginProcess, Provider};
use anyhow::{Context as _, Result};
use tfplugin_proto::tfplugin6 as pb;
use tokio::runtime::Runtime;

use crate::report::Report;
use crate::statistics::Samples;

/// Milliseconds from the start to the handshake line.
const START: f64 = 10.0;

const MEBIBYTE: f64 = 1024.0 * 1024.0;

pub(crate) fn measure(
    provider: &Provider,
    runs: usize,
    runtime: &Runtime,
    report: &mut Report,
) -> Result<()> {
    let identity = Identity::generate()?;
    let mut floor = Samples::default();
    let mut line = Samples::default();
    let mut connect = Samples::default();
    let mut schema = Samples::default();
    let mut again = Samples::default();
    let mut size = Samples::default();
    let mut memory = Samples::default();
    // Once to have the file in the page cache.
    drop(PluginProcess::start(&provider.binary, Some(&identity), &[])?);
    for _ in 0..runs {
        floor.push_time(nothing()?);
        let mut plugin = PluginProcess::start(&provider.binary, Some(&identity), &[])?;
        line.push_time(plugin.time_to_line());
        let peak = runtime.block_on(async {
            let started = Instant::now();
            let mut client = plugin.handshake().connect(Some(&identity)).await?;
            connect.push_time(started.elapsed());
            let started = Instant::now();
            let answer = client.get_provider_schema(pb::get_provider_schema::Request {}).await?.into_inner();
            schema.push_time(started.elapsed());
            anyhow::ensure!(answer.provider.is_some(), "the schema has no provider block");
            let types = answer.resource_schemas.len() + answer.data_source_schemas.len();
            size.push(f64::from(u32::try_from(types)?));
            let started = Instant::now();
            client.get_provider_schema(pb::get_provider_schema::Request {}).await?;
            again.push_time(started.elapsed());
            // While the connection stands: the provider ends with it, at once.
            let peak = plugin.process().peak_memory().context("the peak memory of the provider");
            drop(client);
            peak
        })?;
        memory.push(to_f64(peak) / MEBIBYTE);
        plugin.wait(Duration::from_secs(5))?;
    }
    let name = provider.name();
    report.add(format!("{name}: start of an empty process (floor)"), "ms", &floor, None);
    report.add(format!("{name}: start to handshake line"), "ms", &line, Some(START));
    report.add(format!("{name}: connection with mutual TLS"), "ms", &connect, None);
    report.add(format!("{name}: first schema"), "ms", &schema, None);
    report.add(format!("{name}: schema again"), "ms", &again, None);
    report.add(format!("{name}: resource and data source types"), "", &size, None);
    report.add(format!("{name}: peak memory after the schema"), "MiB", &memory, Some(MEMORY));
    Ok(())
}

/// Mebibytes a provider may take at its peak.
pub(crate) const MEMORY: f64 = 25.0;

/// The time in which this machine starts and ends a process that does nothing.
fn nothing() -> Result<Duration> {
    let started = Instant::now();
    Command::new("true")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .context("`true` cannot be started")?;
    Ok(started.elapsed())
}

/// Exact for whatever is measured here.
#[allow(clippy::cast_precision_loss)]
pub(crate) fn to_f64(number: u64) -> f64 {
    number as f64
}
