//! `hybridops cost backtest`.

use cost_engine::backtest::{By, Past};
use cost_engine::files::Source;
use cost_engine::json::parse;
use cost_engine::ledger::{Ledger, Says};
use cost_engine::report::{Report, ReportRule};
use cost_engine::rules::{History, Reason};

use crate::cli::Exit;
use crate::failure::Failure;
use crate::inputs::{Documents, Read, store_options};
use crate::output::Output;
use crate::verify::now;

/// Which decisions, and by what they are judged again.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    documents: Documents,
    /// Where the artefacts lie that were decided by: a directory, or s3://, gs:// or az://.
    #[arg(long, env = "HYBRIDOPS_COST_ARTIFACTS", default_value = "output/artifacts/cost")]
    artifacts: String,
    /// The ledger with past decisions: a directory, or s3://, gs:// or az://.
    #[arg(long, env = "HYBRIDOPS_COST_LEDGER")]
    ledger: String,
    /// Environment of the ledger.
    #[arg(long)]
    env: String,
    #[command(flatten)]
    output: Output,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let documents = arguments.documents.read()?;
    let source = Source::at(&arguments.artifacts, store_options())?;
    let location = &arguments.ledger;
    if !location.contains("://") && !std::path::Path::new(location).is_dir() {
        return Err(Failure::Other(format!("{location}: there is no such directory")));
    }
    let ledger = Ledger::at(location, &arguments.env, store_options())?;
    let mut history = History::default();
    let mut rules = Vec::new();
    for seq in ledger.numbers().await? {
        let Some(record) = ledger.record(seq).await? else { continue };
        let json = parse(record.text().as_bytes())
            .map_err(|source| Failure::Json { path: format!("record {seq}"), source })?;
        if let Some(past) = Past::read(&json) {
            rules.push(judge(&past, &documents, &source, history.clone()).await);
        }
        match &record.says {
            Says::Decision(entry) if entry.reserves => history.begun.push(entry.at),
            Says::Decision(_) => {}
            Says::Closing { at, .. } => history.last_end = Some(*at),
        }
    }
    let report = report(arguments, rules);
    let json = serde_json::to_string_pretty(&report).map_err(|error| Failure::Other(error.to_string()))?;
    arguments.output.write(&report, &json)?;
    Ok(Exit::of(&report.verdict))
}

/// One decision, judged again.
async fn judge(past: &Past, documents: &Read, source: &Source, history: History) -> ReportRule {
    let signers = &documents.policy.artifact.signers;
    let mut found = Vec::new();
    for component in &past.request.components {
        // Without a run there was no artefact then; the newest of today is of another time.
        let run_id = past.run_of(component).or_else(|| past.request.run_id.clone());
        if let Some(run_id) = run_id {
            found.push(source.find(component, Some(&run_id), signers).await);
        }
    }
    let by = By {
        policy: &documents.policy,
        spend: documents.spend.as_ref(),
        fx: documents.fx.as_ref(),
        approvals: &documents.approvals,
    };
    let again = past.again(by, found, history);
    let verdict = again.judgement.verdict.as_str();
    let same = verdict == past.verdict;
    let reasons: Vec<&str> = again.judgement.reasons().into_iter().map(Reason::code).collect();
    let because = if reasons.is_empty() { String::new() } else { format!(" ({})", reasons.join(", ")) };
    let text = if same {
        format!("{verdict}, as it was{because}")
    } else {
        format!("was {}, would be {verdict}{because}", past.verdict)
    };
    ReportRule {
        id: format!("decision:{}", past.id),
        outcome: if same { "pass" } else { "warn" }.to_owned(),
        reason: None,
        numbers: past.at.to_string(),
        text: Some(text),
        lifted_by: None,
    }
}

fn report(arguments: &Arguments, rules: Vec<ReportRule>) -> Report {
    let changed = rules.iter().filter(|rule| rule.outcome == "warn").count();
    let facts = [("decisions", rules.len()), ("changed", changed)];
    let verdict = if changed == 0 { "allow" } else { "warn" };
    let advice = if changed == 0 {
        "The policy decides every past case as it was decided."
    } else {
        "Look at each decision that changes before the policy is published."
    };
    Report {
        title: "Backtest".to_owned(),
        verdict: verdict.to_owned(),
        subject: format!("past decisions of {} by the policy", arguments.env),
        facts: facts.map(|(name, count)| (name.to_owned(), count.to_string())).to_vec(),
        reasons: Vec::new(),
        rules,
        advice: advice.to_owned(),
        at: now(),
        place: arguments.ledger.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}
