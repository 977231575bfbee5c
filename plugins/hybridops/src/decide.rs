//! `hybridops cost decide`.

use cost_engine::files::Source;
use cost_engine::json::{Digest, Json, canonical, parse};
use cost_engine::ledger::{Ledger, Recorded, State};
use cost_engine::report::Report;
use cost_engine::rules::{Found, Inputs};
use cost_engine::{Decimal, Decision, Mode, Request};
use jiff::Timestamp;

use crate::cli::Exit;
use crate::failure::Failure;
use crate::inputs::{Documents, Read, decimal_of, moment_of, store_options, this_hour};
use crate::output::{Output, complain};

/// What is asked, and by what it is judged.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    request: Asked,
    #[command(flatten)]
    documents: Documents,
    /// SHA-256 the policy must have.
    #[arg(long, value_parser = digest_of)]
    policy_digest: Option<Digest>,
    /// Where artefacts lie, as `<component>/cost-run-<run_id>.json`: a directory, or s3://, gs:// or az://.
    #[arg(long, env = "HYBRIDOPS_COST_ARTIFACTS", default_value = "output/artifacts/cost")]
    artifacts: String,
    /// Where decisions are recorded and budgets reserved: a directory, or s3://, gs:// or az://. Nothing is recorded
    /// without it.
    #[arg(long, env = "HYBRIDOPS_COST_LEDGER")]
    ledger: Option<String>,
    /// enforce judges for real, drill judges a rehearsal, simulate allows and records nothing.
    #[arg(long, default_value = "enforce", value_parser = mode_of)]
    mode: Mode,
    /// The moment to judge for; with `--mode simulate` only.
    #[arg(long, value_parser = moment_of)]
    now: Option<Timestamp>,
    #[command(flatten)]
    output: Output,
}

/// What is asked.
#[derive(Debug, clap::Args)]
struct Asked {
    /// What would be done, such as failover. none, failback, scale_down and stop are never refused.
    #[arg(long)]
    action: String,
    /// Environment.
    #[arg(long)]
    env: String,
    /// Component whose artefact counts; once for each.
    #[arg(long = "component", required = true)]
    components: Vec<String>,
    /// dr, burst, drill or baseline.
    #[arg(long)]
    purpose: String,
    /// Where it would be done, for budgets that are for a target.
    #[arg(long)]
    target: Option<String>,
    /// For how many hours.
    #[arg(long, value_parser = decimal_of)]
    hours: Decimal,
    /// Hours that it has run already.
    #[arg(long, default_value = "0", value_parser = decimal_of)]
    hours_used: Decimal,
    /// From when on: the hour that has begun unless said otherwise. Name it in pipelines, so that asking again is the
    /// same question.
    #[arg(long, value_parser = moment_of)]
    window_start: Option<Timestamp>,
    /// Who asks.
    #[arg(long)]
    requested_by: Option<String>,
    /// The run whose artefacts count, instead of the newest.
    #[arg(long)]
    run_id: Option<String>,
}

fn digest_of(text: &str) -> Result<Digest, String> {
    Digest::parse(text).ok_or_else(|| "not a SHA-256 of 64 lower-case hex digits".to_owned())
}

fn mode_of(text: &str) -> Result<Mode, String> {
    [Mode::Enforce, Mode::Simulate, Mode::Drill]
        .into_iter()
        .find(|mode| mode.as_str() == text)
        .ok_or_else(|| "not enforce, simulate or drill".to_owned())
}

impl Asked {
    fn request(&self, now: Timestamp) -> Result<Request, Failure> {
        let request = Request {
            action: self.action.clone(),
            env: self.env.clone(),
            components: self.components.clone(),
            purpose: self.purpose.clone(),
            target: self.target.clone(),
            window_start: self.window_start.unwrap_or_else(|| this_hour(now)),
            hours: self.hours.clone(),
            hours_used: self.hours_used.clone(),
            requested_by: self.requested_by.clone(),
            run_id: self.run_id.clone(),
        };
        request.check()?;
        Ok(request)
    }
}

/// Everything a decision is made from but the state of the ledger.
struct Case {
    request: Request,
    mode: Mode,
    documents: Read,
    pin: Option<Digest>,
    artifacts: Vec<Found>,
    now: Timestamp,
}

impl Case {
    fn decide(&self, state: &State) -> Decision {
        let state = state.beside(&self.request);
        let spend = self.documents.spend.as_ref();
        Decision::make(&Inputs {
            request: &self.request,
            mode: self.mode,
            policy: &self.documents.policy,
            policy_pin: self.pin,
            artifacts: self.artifacts.clone(),
            spend,
            reserved: state.reserved(spend.map(|spend| spend.as_of)),
            fx: self.documents.fx.as_ref(),
            approvals: &self.documents.approvals,
            used_approvals: &state.used_approvals,
            history: state.history,
            now: self.now,
        })
    }
}

pub(crate) async fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    if arguments.now.is_some() && arguments.mode != Mode::Simulate {
        return Err(Failure::Other(
            "--now: the moment can be set with --mode simulate only; otherwise it is now".to_owned(),
        ));
    }
    let now = arguments.now.unwrap_or_else(Timestamp::now);
    let request = arguments.request.request(now)?;
    let documents = arguments.documents.read()?;
    let source = Source::at(&arguments.artifacts, store_options())?;
    let artifacts = source.find_all(&request, &documents.policy).await;
    let case =
        Case { request, mode: arguments.mode, documents, pin: arguments.policy_digest, artifacts, now };
    let (decision, record) = record(arguments, &case).await?;
    let document = record.as_deref().unwrap_or_default();
    let sealed = parse(document.as_bytes()).ok();
    let shown: &Json<'_> = sealed.as_ref().unwrap_or_else(|| decision.document());
    let report = Report::read(shown).map_err(|error| Failure::Other(error.to_string()))?;
    arguments.output.write(&report, &canonical(shown))?;
    Ok(Exit::of(decision.judgement.verdict.as_str()))
}

/// Decides, and records it where that is asked for. The record is what is told then.
async fn record(arguments: &Arguments, case: &Case) -> Result<(Decision, Option<String>), Failure> {
    let Some(location) = &arguments.ledger else {
        if case.mode != Mode::Simulate {
            complain("warning", "no --ledger: what others reserved is not counted, and nothing is recorded");
        }
        return Ok((case.decide(&State::empty()), None));
    };
    let ledger = Ledger::at(location, &case.request.env, store_options())?;
    if case.mode == Mode::Simulate {
        return Ok((case.decide(&ledger.state().await?), None));
    }
    let (decision, recorded) = ledger.decide(|state| case.decide(state)).await?;
    let record = match recorded {
        Recorded::Sealed(record) => Some(record.text().to_owned()),
        Recorded::There(entry) => {
            complain("note", &format!("{} is in the ledger already; nothing was added", entry.id));
            None
        }
        Recorded::Overtaken => None,
    };
    Ok((decision, record))
}
