//! When something goes wrong, nothing is lost and the user is told what happened.

use std::time::{Duration, Instant};

use acceptance_tests::{Debugged, Workspace};
use anyhow::Result;

use crate::workspace;

const IT: &str = "probe_fault.it";

fn fault(name: &str, more: &str) -> String {
    format!("resource \"probe_fault\" \"it\" {{\n  fault = \"{name}\"\n  {more}\n}}\n")
}

fn write_fault(ws: &Workspace, name: &str, more: &str) -> Result<()> {
    ws.write("main.tf", &fault(name, more))
}

#[test]
fn a_panic_in_create_is_a_message() -> Result<()> {
    let ws = workspace!();
    let others = "resource \"probe_null\" \"other\" {}\n";
    ws.write("main.tf", &(fault("panic_in_create", "") + others))?;
    let output = ws.apply()?.fails()?;
    let output = output.says("Error: Creating probe_fault failed unexpectedly with probe_fault.it")?;
    let output = output.says("the probe panics as it was told")?.says("This is a bug in the provider")?;
    output.is_silent_about("Plugin did not respond")?;
    assert_eq!(ws.state()?.addresses(), ["probe_null.other"], "the process survives and serves the others");
    ws.expect_no_processes()
}

#[test]
fn a_panic_in_plan_is_a_message() -> Result<()> {
    let ws = workspace!();
    write_fault(&ws, "panic_in_plan", "")?;
    ws.plan()?
        .fails()?
        .says("Planning probe_fault failed unexpectedly")?
        .says("the probe panics as it was told")?;
    ws.expect_no_processes()
}

#[test]
fn a_panic_after_the_checkpoint_keeps_the_object() -> Result<()> {
    let ws = workspace!();
    write_fault(&ws, "panic_after_checkpoint", "")?;
    ws.apply()?.fails()?.says("the probe panics as it was told")?;
    let state = ws.state()?;
    assert!(state.is_tainted(IT)?);
    assert!(state.get(IT, "id")?.is_string());
    Ok(())
}

#[test]
fn a_panic_in_read_keeps_the_object() -> Result<()> {
    let ws = workspace!();
    write_fault(&ws, "panic_in_read", "")?;
    ws.apply()?.ok()?;
    let before = ws.state()?.instance(IT)?.clone();
    ws.plan()?.fails()?.says("Reading probe_fault failed unexpectedly")?;
    assert_eq!(ws.state()?.instance(IT)?, &before);
    Ok(())
}

#[test]
fn a_panic_in_update_keeps_the_prior_state() -> Result<()> {
    let ws = workspace!();
    ws.write("main.tf", "resource \"probe_fault\" \"it\" { input = \"before\" }")?;
    ws.apply()?.ok()?;
    write_fault(&ws, "panic_in_update", "input = \"after\"")?;
    ws.apply()?.fails()?.says("Updating probe_fault failed unexpectedly")?;
    let state = ws.state()?;
    assert_eq!(state.get(IT, "input")?, "before");
    assert!(!state.is_tainted(IT)?);
    Ok(())
}

#[test]
fn a_panic_in_delete_keeps_the_object() -> Result<()> {
    let ws = workspace!();
    write_fault(&ws, "panic_in_delete", "")?;
    ws.apply()?.ok()?;
    ws.destroy()?.fails()?.says("Deleting probe_fault failed unexpectedly")?;
    assert_eq!(ws.state()?.addresses(), [IT]);
    Ok(())
}

#[test]
fn a_failed_create_leaves_nothing_or_a_tainted_object() -> Result<()> {
    let ws = workspace!();
    write_fault(&ws, "error_before_checkpoint", "")?;
    ws.apply()?.fails()?.says("Error: Creating the probe failed")?.says("Nothing was made.")?;
    assert!(ws.state()?.addresses().is_empty());

    write_fault(&ws, "error_after_checkpoint", "")?;
    ws.apply()?.fails()?.says("It was made, but is not complete.")?;
    let state = ws.state()?;
    assert!(state.is_tainted(IT)?);
    assert!(state.get(IT, "id")?.is_string());
    assert!(state.get(IT, "progress")?.is_null(), "what was not known is kept as null");

    ws.write("main.tf", "resource \"probe_fault\" \"it\" {}")?;
    ws.planned()?.expect(&[(IT, "delete/create")])?;
    ws.apply_plan()?.ok()?;
    ws.expect_empty_plan()?;
    Ok(())
}

#[test]
fn what_is_left_unknown_is_reported_and_kept() -> Result<()> {
    let ws = workspace!();
    write_fault(&ws, "leaves_unknown", "")?;
    let output = ws.apply()?.fails()?.says("Creating probe_fault left a value out")?;
    output.says("progress was left unknown. The object exists and is kept in the state without it.")?;
    assert!(ws.state()?.is_tainted(IT)?);
    Ok(())
}

#[test]
fn an_answer_that_differs_from_the_plan_is_reported() -> Result<()> {
    let ws = workspace!();
    write_fault(&ws, "wrong_value", "input = \"planned\"")?;
    // By our own check in development builds, by Terraform's in releases.
    let output = ws.apply()?.fails()?;
    let text = output.text();
    assert!(
        text.contains("The provider broke a rule of Terraform's")
            || text.contains("Provider produced inconsistent result after apply"),
        "{output}"
    );
    assert!(ws.state()?.is_tainted(IT)?);
    Ok(())
}

/// Interrupts an apply once the object exists; answers how long it took to end.
fn interrupted(
    ws: &Workspace,
    how: &str,
    seconds: u32,
    alone: bool,
) -> Result<(acceptance_tests::Output, Duration)> {
    let journal = ws.path("journal");
    write_fault(ws, how, &format!("seconds = {seconds}\n  journal = \"{}\"", journal.display()))?;
    let run = ws.terraform()?.args(["apply", "-no-color", "-auto-approve"]).log("debug").start()?;
    acceptance_tests::wait_until("the object to be made", Duration::from_secs(60), || {
        Ok(std::fs::read_to_string(&journal).is_ok_and(|text| text.contains("made")))
    })?;
    let interrupted = Instant::now();
    if alone {
        run.interrupt_alone()?;
    } else {
        run.interrupt()?;
    }
    let output = run.wait()?;
    Ok((output, interrupted.elapsed()))
}

#[test]
fn an_interrupt_leaves_a_tracked_object() -> Result<()> {
    for alone in [false, true] {
        let ws = workspace!();
        let (output, took) = interrupted(&ws, "slow", 120, alone)?;
        let output = output.fails()?.says("Error: Creating the probe was interrupted")?;
        output.is_silent_about("did not exit")?;
        assert!(took < Duration::from_secs(10), "{took:?}");
        let state = ws.state()?;
        assert!(state.is_tainted(IT)?);
        assert!(state.get(IT, "id")?.is_string());
        assert!(ws.read("journal")?.contains("interrupted"));
        ws.expect_no_processes()?;
    }
    Ok(())
}

#[test]
fn an_interrupt_ends_with_the_run_it_was_for() -> Result<()> {
    let mut ws = workspace!();
    let debugged = Debugged::start(&ws.providers()[0].clone(), &ws.directory(), &ws.path("provider.log"))?;
    let (name, value) = debugged.variable();
    ws.set_env(name, value);
    interrupted(&ws, "slow", 120, false)?.0.fails()?;
    ws.remove("journal")?;
    write_fault(&ws, "slow", &format!("seconds = 1\n  journal = \"{}\"", ws.path("journal").display()))?;
    ws.apply()?.ok()?;
    assert_eq!(ws.read("journal")?, "destroyed\nmade\ndone\n");
    Ok(())
}

#[test]
fn an_interrupt_of_the_deaf_waits_for_them() -> Result<()> {
    let ws = workspace!();
    let (_, took) = interrupted(&ws, "slow_and_deaf", 3, false)?;
    assert!(took < Duration::from_secs(15), "{took:?}");
    let state = ws.state()?;
    assert_eq!(state.get(IT, "progress")?, "done", "it came to its end and is complete");
    assert!(!state.is_tainted(IT)?);
    ws.expect_no_processes()
}

#[test]
fn a_timeout_ends_what_takes_too_long() -> Result<()> {
    let ws = workspace!();
    write_fault(&ws, "slow_and_deaf", "seconds = 120\n  timeouts = { create = \"100ms\" }")?;
    // The operation may report the deadline itself for five seconds more; this one does not.
    let output = ws.apply()?.fails()?.says("Error: Creating probe_fault took too long")?;
    assert!(output.took < Duration::from_secs(20), "{:?}", output.took);
    assert!(ws.state()?.is_tainted(IT)?);
    ws.expect_no_processes()
}

/// A thread that never comes back must not keep the others from being served, nor the process from ending.
#[test]
fn a_blocked_thread_blocks_nobody_else() -> Result<()> {
    let ws = workspace!();
    write_fault(&ws, "blocking", "seconds = 3")?;
    ws.write("more.tf", "resource \"probe_null\" \"other\" { count = 30 }")?;
    let output = ws.apply()?.ok()?;
    assert!(output.took < Duration::from_secs(20), "{:?}", output.took);
    ws.expect_no_processes()
}
