//! `hybridops cost verify`.

use std::path::{Path, PathBuf};

use cost_engine::documents::{Approval, Artifact, FxTable, Policy, PriceBook, Spend};
use cost_engine::files::read_file;
use cost_engine::json::{Digest, Json, digest, parse};
use cost_engine::ledger::{Finding, Ledger, verify};
use cost_engine::report::{Report, ReportRule};
use jiff::Timestamp;

use crate::cli::Exit;
use crate::explain::is_as_sealed;
use crate::failure::Failure;
use crate::inputs::store_options;
use crate::output::Output;

/// What is to be proven.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Documents: each is read as strictly as the gate reads it, and its digest told.
    #[arg(required_unless_present = "ledger")]
    files: Vec<PathBuf>,
    /// The ledger: a directory, or s3://, gs:// or az://.
    #[arg(long, env = "HYBRIDOPS_COST_LEDGER", requires = "env")]
    ledger: Option<String>,
    /// Environment of the ledger.
    #[arg(long)]
    env: Option<String>,
    /// A record that is known from elsewhere, as `<number>:sha256:<hash>`. Without one, a ledger that was written anew
    /// from its start, or that lost its end, cannot be told from a true one.
    #[arg(long, value_parser = anchor_of, requires = "ledger")]
    anchor: Option<(u64, Digest)>,
    #[command(flatten)]
    output: Output,
}

fn anchor_of(text: &str) -> Result<(u64, Digest), String> {
    text.split_once(':')
        .and_then(|(seq, hash)| Some((seq.parse().ok()?, Digest::parse(hash)?)))
        .ok_or_else(|| "not a number and a hash such as 42:sha256:2bc2…".to_owned())
}

pub(crate) async fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let mut rules = Vec::new();
    let mut facts = Vec::new();
    let mut subjects: Vec<String> = Vec::new();
    if let (Some(location), Some(env)) = (&arguments.ledger, &arguments.env) {
        if !location.contains("://") && !Path::new(location).is_dir() {
            return Err(Failure::Other(format!("{location}: there is no such directory")));
        }
        let ledger = Ledger::at(location, env, store_options())?;
        let (records, findings) = verify(&ledger, arguments.anchor).await?;
        subjects.push(format!("ledger of {env}"));
        facts.push(("records".to_owned(), records.to_string()));
        if findings.is_empty() {
            rules.push(rule("ledger.chain", "pass", format!("{records} records follow each other")));
            let state = ledger.state().await?;
            facts.push(("head".to_owned(), format!("{}:{}", state.seq, state.hash)));
        }
        rules.extend(findings.iter().map(|finding| rule(id(finding), "block", finding.to_string())));
    }
    for path in &arguments.files {
        let (found, fact) = file(path)?;
        subjects.push(path.display().to_string());
        facts.extend(fact);
        rules.push(found);
    }
    let broken = rules.iter().any(|rule| rule.outcome == "block");
    let advice = if broken {
        "Trust nothing after the first record or document that is named; compare it with a copy from elsewhere."
    } else {
        "Everything is as it was written. Keep the head somewhere else, for the next time."
    };
    let report = Report {
        title: "Verification".to_owned(),
        verdict: if broken { "block" } else { "allow" }.to_owned(),
        subject: subjects.join(", "),
        facts,
        reasons: if broken { vec!["INTEGRITY".to_owned()] } else { Vec::new() },
        rules,
        advice: advice.to_owned(),
        at: now(),
        place: arguments
            .files
            .first()
            .map(|path| path.display().to_string())
            .or_else(|| arguments.ledger.clone())
            .unwrap_or_default(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let json = serde_json::to_string_pretty(&report).map_err(|error| Failure::Other(error.to_string()))?;
    arguments.output.write(&report, &json)?;
    Ok(Exit::of(&report.verdict))
}

/// Now, to the second.
pub(crate) fn now() -> String {
    let now = Timestamp::now();
    Timestamp::from_second(now.as_second()).unwrap_or(now).to_string()
}

fn id(finding: &Finding) -> String {
    match finding {
        Finding::Changed { seq, .. } => format!("ledger.changed:{seq}"),
        Finding::Missing { seq } => format!("ledger.missing:{seq}"),
        Finding::Detached { seq } => format!("ledger.detached:{seq}"),
        Finding::Anchor { seq, .. } => format!("ledger.anchor:{seq}"),
    }
}

fn rule(id: impl Into<String>, outcome: &str, text: String) -> ReportRule {
    ReportRule {
        id: id.into(),
        outcome: outcome.to_owned(),
        reason: (outcome == "block").then(|| "INTEGRITY".to_owned()),
        numbers: String::new(),
        text: Some(text),
        lifted_by: None,
    }
}

/// Reads a document as strictly as the gate does.
fn file(path: &Path) -> Result<(ReportRule, Option<(String, String)>), Failure> {
    let name = path.display().to_string();
    let bytes = read_file(path).map_err(Failure::file(path))?;
    let problem = |why: String| rule(format!("document:{name}"), "block", format!("{name}: {why}"));
    let value = match parse(&bytes) {
        Ok(value) => value,
        Err(error) => return Ok((problem(error.to_string()), None)),
    };
    let schema = value.get("schema").and_then(Json::as_text).unwrap_or_default();
    let read = match schema {
        "hybridops.cost-artifact" => Artifact::read(&value).map(drop),
        "hybridops.cost-policy" => Policy::read(&value).map(drop),
        "hybridops.cost-spend" => Spend::read(&value).map(drop),
        "hybridops.cost-fx" => FxTable::read(&value).map(drop),
        "hybridops.cost-price-book" => PriceBook::read(&value).map(drop),
        "hybridops.cost-approval" => Approval::read(&value).map(drop),
        "hybridops.cost-decision" if is_as_sealed(&value) => Ok(()),
        "hybridops.cost-decision" => {
            return Ok((problem("it was changed after it was sealed".to_owned()), None));
        }
        other => return Ok((problem(format!("schema: {other:?} is no document of the cost gate")), None)),
    };
    let told = format!("{name}: {}", digest(&value));
    Ok(match read {
        Ok(()) => {
            (rule(format!("document:{name}"), "pass", schema.to_owned()), Some(("digest".into(), told)))
        }
        Err(error) => (problem(error.to_string()), None),
    })
}
