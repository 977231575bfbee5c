//! `hybridops cost explain`.

use std::path::PathBuf;

use cost_engine::files::read_file;
use cost_engine::json::{Json, canonical, parse};
use cost_engine::ledger::{Ledger, hash};
use cost_engine::report::Report;

use crate::cli::Exit;
use crate::failure::Failure;
use crate::inputs::store_options;
use crate::output::{Output, complain};

/// Which decision.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// File with the decision, as `decide --format json` writes it.
    #[arg(required_unless_present = "decision", conflicts_with = "decision")]
    file: Option<PathBuf>,
    /// Name of a decision of a ledger, `cd_…`.
    #[arg(long, requires_all = ["ledger", "env"])]
    decision: Option<String>,
    /// The ledger: a directory, or s3://, gs:// or az://.
    #[arg(long, env = "HYBRIDOPS_COST_LEDGER")]
    ledger: Option<String>,
    /// Environment of the ledger.
    #[arg(long)]
    env: Option<String>,
    #[command(flatten)]
    output: Output,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let text = match (&arguments.file, &arguments.decision, &arguments.ledger, &arguments.env) {
        (Some(path), ..) => read_file(path).map_err(Failure::file(path))?,
        (None, Some(id), Some(ledger), Some(env)) => recorded(id, ledger, env).await?.into_bytes(),
        _ => return Err(Failure::Other("name a file, or --decision with --ledger and --env".to_owned())),
    };
    let name = || arguments.file.as_ref().map_or("ledger".to_owned(), |path| path.display().to_string());
    let decision = parse(&text).map_err(|source| Failure::Json { path: name(), source })?;
    if !is_as_sealed(&decision) {
        complain("error", &format!("{}: it was changed after it was sealed", name()));
        return Ok(Exit::Block);
    }
    let report = Report::read(&decision).map_err(|error| Failure::Other(format!("{}: {error}", name())))?;
    let exit = Exit::of(&report.verdict);
    arguments.output.write(&report, &canonical(&decision))?;
    Ok(exit)
}

/// The last record of a decision.
async fn recorded(id: &str, location: &str, env: &str) -> Result<String, Failure> {
    let ledger = Ledger::at(location, env, store_options())?;
    let mut found = None;
    for seq in ledger.numbers().await? {
        let Some(record) = ledger.record(seq).await? else { continue };
        if parse(record.text().as_bytes()).is_ok_and(|json| {
            json.get("decisionId").and_then(Json::as_text) == Some(id)
                && json.get("schema").and_then(Json::as_text) == Some("hybridops.cost-decision")
        }) {
            found = Some(record.text().to_owned());
        }
    }
    found.ok_or_else(|| Failure::Other(format!("{id} is not in the ledger of {env}")))
}

/// Whether a decision that says it was sealed still has its hash.
pub(crate) fn is_as_sealed(decision: &Json<'_>) -> bool {
    let stated = decision.get("ledger").and_then(|place| place.get("hash"));
    stated.is_none_or(|stated| stated.as_text() == Some(hash(decision).to_string().as_str()))
}
