//! Cost as a signal: documents, exact numbers, rules, ledger. Knows no Terraform.

pub mod backtest;
mod decimal;
mod decision;
pub mod documents;
pub mod emit;
mod fields;
pub mod files;
pub mod import;
pub mod json;
pub mod ledger;
mod projection;
pub mod report;
mod request;
pub mod rules;
pub mod signal;
pub mod tags;
pub mod target;

pub use decimal::{Decimal, DecimalError};
pub use decision::{Decision, RULESET};
pub use fields::{FieldError, FieldProblem, moment};
pub use projection::{Costs, Projected, Purse, Slice, split};
pub use request::{Mode, NOT_COSTLY, Request, RequestError};
