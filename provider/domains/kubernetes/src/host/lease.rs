//! Who may change a machine: a lease on the machine itself, renewed while the work goes on, so that a second operator is told
//! of the first, and goes on where the first one died.

use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::task::JoinHandle;
use transport_ssh::Budget;

use super::journal::now;
use super::run::Run;
use crate::errors::{Error, Refusal};

/// How long a lease holds that nobody renews, in seconds.
const LEASE: u64 = 180;
/// How often it is renewed, and how long one renewal may take.
const RENEWAL: Duration = Duration::from_secs(50);
const PATIENCE: Duration = Duration::from_secs(30);

/// Who may change the machine, and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lease {
    pub(crate) operator: String,
    /// In seconds since 1970, by the machine's clock.
    pub(crate) until: u64,
    /// Since when, likewise.
    pub(crate) since: Option<u64>,
}

impl Lease {
    /// Reads the file.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let operator = lines.next()?.to_owned();
        let mut number = || lines.next()?.trim().parse().ok();
        Some(Self { operator, until: number()?, since: number() })
    }

    /// Who else holds it at a time of the machine's clock, as a sentence.
    pub(crate) fn others(&self, at: u64) -> Option<String> {
        let left = self.until.checked_sub(at).filter(|left| *left > 0)?;
        (self.operator != operator()).then(|| told(&self.operator, self.since, "", left))
    }
}

fn told(operator: &str, since: Option<u64>, step: &str, left: u64) -> String {
    let since = since.and_then(|at| i64::try_from(at).ok());
    let since = since.and_then(|at| OffsetDateTime::from_unix_timestamp(at).ok()?.format(&Rfc3339).ok());
    let since = since.map_or_else(String::new, |since| format!(" since {since}"));
    let step = if step.is_empty() { String::new() } else { format!(", and is at the step {step:?}") };
    format!(
        "{operator} has been changing it{since}{step}. That run holds it for {left} more seconds, and longer while it lives"
    )
}

/// What to do where somebody else holds a machine.
pub(crate) const LET_IT_END: &str = "Let that run end, then apply again. If it died, its hold ends by itself: the apply after that goes on from where it \
     stopped.";

/// Who we are: the same in a next run from the same place, so that it may go on at once.
pub(crate) fn operator() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let user = std::env::var("USER").or_else(|_| std::env::var("LOGNAME")).unwrap_or_default();
    let place = std::env::current_dir().map(|it| it.display().to_string()).unwrap_or_default();
    format!("{user}@{}:{place}", host.trim()).replace(char::is_control, " ")
}

/// A lease that is renewed until this is dropped.
#[derive(Debug)]
pub(crate) struct Held(JoinHandle<()>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Takes the lease and keeps it: an upgrade takes longer than a lease holds.
///
/// # Errors
/// Somebody else has it.
pub(crate) async fn hold(run: &Run) -> Result<Held, Error> {
    take_lease(run).await?;
    let run = run.clone();
    let renew = async move {
        loop {
            tokio::time::sleep(RENEWAL).await;
            let run = Run { budget: Budget::within(PATIENCE), ..run.clone() };
            if let Err(error) = take_lease(&run).await {
                tracing::warn!(machine = run.machine.name(), %error, "the lease was not renewed");
            }
        }
    };
    Ok(Held(tokio::spawn(renew)))
}

/// Takes the lease, or renews it.
///
/// # Errors
/// Somebody else has it.
pub(crate) async fn take_lease(run: &Run) -> Result<(), Error> {
    let (operator, seconds) = (operator(), LEASE.to_string());
    let arguments = [run.distribution.journal_dir(), operator.as_str(), &seconds];
    let output = run.ask(include_str!("scripts/lease.sh"), &arguments).await?;
    match output.code() {
        Some(0) => Ok(()),
        Some(75) => {
            let said = output.text();
            let mut lines = said.lines();
            let mut line = || lines.next().unwrap_or_default().trim();
            let (who, left, since, step) = (line(), line(), line(), line());
            let held = told(who, since.parse().ok(), step, left.parse().unwrap_or(LEASE));
            let summary = format!("{} is being changed by somebody else", run.machine.name());
            Err(Refusal::new(summary, format!("{held}. {LET_IT_END}")).into())
        }
        _ => Err(run.machine.failed("taking the lease", &output).into()),
    }
}

/// Gives the lease back.
pub(crate) async fn drop_lease(run: &Run) -> Result<(), Error> {
    let script = r#"[ "$(head -n 1 "$1/lease" 2>/dev/null)" = "$2" ] && rm -f -- "$1/lease"; exit 0"#;
    run.script("giving the lease back", script, &[run.distribution.journal_dir(), &operator()])
        .await
        .map(drop)
}

/// Gives the lease back after a failure, where the machine can be told: nobody has to wait for its end.
pub(crate) async fn give_up(run: &Run, failure: &Error) {
    if matches!(failure, Error::Machine(hosts::MachineError::Shell(_))) {
        return;
    }
    let run = Run { budget: Budget::within(PATIENCE), ..run.clone() };
    if let Err(error) = drop_lease(&run).await {
        tracing::info!(machine = run.machine.name(), %error, "the lease ends by itself");
    }
}

/// The time by a machine's clock that is ahead of ours by so much, in seconds since 1970.
pub(crate) fn there(ahead: f64) -> u64 {
    // A clock that is off by more than a lease is refused elsewhere.
    let off = Duration::try_from_secs_f64(ahead.abs()).unwrap_or_default().as_secs();
    let off = if off > LEASE { 0 } else { off };
    if ahead < 0.0 { now().saturating_sub(off) } else { now().saturating_add(off) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_of_somebody_else_is_told_until_it_ends() {
        let lease = Lease::parse("ann@laptop:/infra\n1200\n1000\n").unwrap();
        let said = lease.others(1100).unwrap();
        assert!(said.contains("ann@laptop:/infra has been changing it since 1970-01-01T00:16:40Z"), "{said}");
        assert!(said.contains("for 100 more seconds"), "{said}");
        assert_eq!(lease.others(1200), None);
        let ours = Lease { operator: operator(), ..lease };
        assert_eq!(ours.others(1100), None);
    }

    #[test]
    fn the_time_there_is_before_or_after_ours() {
        let at = now();
        assert!(there(30.0) >= at + 30 && there(-30.0) <= now() - 30);
        assert!(there(1e6).abs_diff(at) < 5 && there(f64::NAN).abs_diff(at) < 5);
    }

    #[test]
    fn one_of_an_earlier_version_is_read() {
        assert_eq!(
            Lease::parse("me\n 1200\n"),
            Some(Lease { operator: "me".into(), until: 1200, since: None })
        );
        assert_eq!(Lease::parse("me"), None);
    }
}
