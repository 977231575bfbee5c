//! Plan and apply of many trivial objects, beside as many of Terraform's own.

use std::collections::BTreeMap;
use std::time::Duration;

use acceptance_tests::{Process, Provider, Workspace};
use anyhow::{Context as _, Result, ensure};

use crate::report::Report;
use crate::start::{MEMORY, to_f64};
use crate::statistics::Samples;

/// A plan with the provider may take this many times what Terraform takes for itself.
const RATIO: f64 = 2.0;

/// What is measured of one kind of object.
#[derive(Default)]
struct Kind {
    create: Samples,
    plan: Samples,
    /// Processor time in one plan, in milliseconds.
    terraform: Samples,
    provider: Samples,
    starts: Samples,
    memory: Samples,
}

/// A run, watched.
struct Watched {
    terraform_ms: f64,
    provider_ms: f64,
    provider_starts: usize,
    provider_peak: u64,
}

pub(crate) fn measure(provider: &Provider, objects: usize, runs: usize, report: &mut Report) -> Result<()> {
    let kinds = ["probe_null", "terraform_data"];
    let mut measured: BTreeMap<&str, Kind> = BTreeMap::new();
    for _ in 0..runs {
        for name in kinds {
            let kind = measured.entry(name).or_default();
            let ws = Workspace::ready(std::slice::from_ref(provider))?;
            // The other provider must not run beside Terraform's own objects.
            if name == "terraform_data" {
                ws.write("versions.tf", "")?;
            }
            ws.write("main.tf", &format!("resource \"{name}\" \"it\" {{ count = {objects} }}\n"))?;
            let create = timed(&ws, &["apply", "-auto-approve"])?;
            kind.create.push_time(create);
            kind.plan.push_time(timed(&ws, &["plan", "-detailed-exitcode"])?);
            // Looking at processes takes time of its own: what is watched is not timed.
            let plan = watched(&ws, &["plan", "-detailed-exitcode"])?;
            kind.terraform.push(plan.terraform_ms);
            kind.provider.push(plan.provider_ms);
            kind.starts.push(to_f64(u64::try_from(plan.provider_starts)?));
            kind.memory.push(to_f64(plan.provider_peak) / (1024.0 * 1024.0));
        }
    }
    let [ours, builtin] = kinds.map(|name| &measured[name]);
    let ratio = |ours: &Samples, builtin: &Samples| {
        let mut ratio = Samples::default();
        ratio.push(ours.median() / builtin.median());
        ratio
    };
    for (step, ours, builtin, goal) in [
        ("plan without changes", &ours.plan, &builtin.plan, Some(RATIO)),
        ("create", &ours.create, &builtin.create, None),
    ] {
        report.add(format!("{objects} probe_null: {step}"), "ms", ours, None);
        report.add(format!("{objects} terraform_data: {step}"), "ms", builtin, None);
        report.add(format!("{objects} objects: {step}, ratio"), "x", &ratio(ours, builtin), goal);
    }
    report.add(format!("{objects} terraform_data: processor of terraform"), "ms", &builtin.terraform, None);
    report.add(format!("{objects} probe_null: processor of terraform"), "ms", &ours.terraform, None);
    report.add(format!("{objects} probe_null: processor of the provider"), "ms", &ours.provider, None);
    report.add(format!("{objects} probe_null: provider processes in a plan"), "", &ours.starts, None);
    report.add(
        format!("{objects} probe_null: peak memory of the provider"),
        "MiB",
        &ours.memory,
        Some(MEMORY),
    );
    Ok(())
}

fn timed(ws: &Workspace, arguments: &[&str]) -> Result<Duration> {
    Ok(ws.run(arguments)?.ok()?.took)
}

/// Runs Terraform and looks at its processes as often as it can without disturbing them.
fn watched(ws: &Workspace, arguments: &[&str]) -> Result<Watched> {
    let mut run = ws.terraform()?.args(arguments).start()?;
    let terraform = run.process();
    let mut ticks = BTreeMap::<u32, u64>::new();
    let mut peak = 0;
    while run.is_running()? {
        sample(&terraform, &mut ticks);
        for provider in run.providers()? {
            sample(&provider, &mut ticks);
            peak = peak.max(provider.peak_memory().unwrap_or(0));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let output = run.wait()?;
    ensure!(output.status.success(), "{output}");
    let own = ticks.remove(&terraform.pid()).context("terraform was never seen")?;
    Ok(Watched {
        terraform_ms: to_f64(own) * 10.0,
        provider_ms: to_f64(ticks.values().sum()) * 10.0,
        provider_starts: ticks.len(),
        provider_peak: peak,
    })
}

fn sample(process: &Process, ticks: &mut BTreeMap<u32, u64>) {
    if let Some(now) = process.processor_ticks() {
        ticks.insert(process.pid(), now);
    }
}
