//! Reading what is judged.

use std::path::{Path, PathBuf};

use cost_engine::documents::{Approval, FxTable, Policy, Spend};
use cost_engine::files::{read_approvals, read_file};
use cost_engine::json::{Json, parse};
use cost_engine::{Decimal, FieldError, moment};
use jiff::Timestamp;

use crate::failure::Failure;
use crate::output::complain;

/// Reads a document of one kind.
pub(crate) fn document<T>(
    path: &Path,
    read: impl Fn(&Json<'_>) -> Result<T, FieldError>,
) -> Result<T, Failure> {
    let bytes = read_file(path).map_err(Failure::file(path))?;
    let name = || path.display().to_string();
    let value = parse(&bytes).map_err(|source| Failure::Json { path: name(), source })?;
    read(&value).map_err(|source| Failure::Document { path: name(), source })
}

/// The documents besides artefacts.
#[derive(Debug, clap::Args)]
pub(crate) struct Documents {
    /// The policy: budgets, caps, reactions.
    #[arg(long, env = "HYBRIDOPS_COST_POLICY")]
    policy: PathBuf,
    /// What was spent, by budget and period.
    #[arg(long, env = "HYBRIDOPS_COST_SPEND")]
    spend: Option<PathBuf>,
    /// Table of exchange rates; the policy must name its digest.
    #[arg(long, env = "HYBRIDOPS_COST_FX")]
    fx: Option<PathBuf>,
    /// Directory of signed approvals, each in a file `*.json`.
    #[arg(long, env = "HYBRIDOPS_COST_APPROVALS")]
    approvals: Option<PathBuf>,
}

/// The documents, read.
pub(crate) struct Read {
    pub(crate) policy: Policy,
    pub(crate) spend: Option<Spend>,
    pub(crate) fx: Option<FxTable>,
    pub(crate) approvals: Vec<Approval>,
}

impl Documents {
    pub(crate) fn read(&self) -> Result<Read, Failure> {
        let approvals = match &self.approvals {
            None => Vec::new(),
            Some(directory) => {
                let approvals = read_approvals(directory).map_err(Failure::file(directory))?;
                for (name, why) in &approvals.unreadable {
                    let path = directory.join(name);
                    complain("warning", &format!("{}: {why}; it lifts nothing", path.display()));
                }
                approvals.read
            }
        };
        Ok(Read {
            policy: document(&self.policy, Policy::read)?,
            spend: self.spend.as_deref().map(|path| document(path, Spend::read)).transpose()?,
            fx: self.fx.as_deref().map(|path| document(path, FxTable::read)).transpose()?,
            approvals,
        })
    }
}

/// Credentials of object stores, from the environment as their own tools take them.
pub(crate) fn store_options() -> Vec<(String, String)> {
    let ours = |name: &str| ["aws_", "google_", "azure_"].iter().any(|prefix| name.starts_with(prefix));
    std::env::vars_os()
        .filter_map(|(name, value)| {
            let name = name.into_string().ok()?.to_ascii_lowercase();
            Some((name, value.into_string().ok()?))
        })
        .filter(|(name, _)| ours(name))
        .collect()
}

/// Reads a moment of an argument.
pub(crate) fn moment_of(text: &str) -> Result<Timestamp, String> {
    moment(text).ok_or_else(|| "not a moment in UTC such as 2026-03-30T22:00:00Z".to_owned())
}

/// The full hour that has begun.
pub(crate) fn this_hour(now: Timestamp) -> Timestamp {
    let second = now.as_second();
    Timestamp::from_second(second - second.rem_euclid(3600)).unwrap_or(now)
}

/// Reads a number of an argument.
pub(crate) fn decimal_of(text: &str) -> Result<Decimal, String> {
    text.parse::<Decimal>().map_err(|error| error.to_string())
}
