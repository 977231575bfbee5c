//! Proving a ledger whole, with nothing but the ledger.

use super::{Ledger, LedgerError, Record, genesis};
use crate::json::Digest;

/// What is wrong with a ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// A record is not what was sealed.
    Changed {
        /// Which one.
        seq: u64,
        /// What is wrong.
        problem: String,
    },
    /// A record is missing.
    Missing {
        /// Which one.
        seq: u64,
    },
    /// A record does not follow the one before it.
    Detached {
        /// Which one.
        seq: u64,
    },
    /// The chain does not have the hash that is known of it from elsewhere.
    Anchor {
        /// At which record.
        seq: u64,
        /// The hash it has.
        found: Option<Digest>,
    },
}

/// Proves a ledger whole. `anchor` is the number and hash of a record that is known from elsewhere: without one, a ledger
/// that was written anew from its start cannot be told from a true one.
///
/// # Errors
/// The store failed.
pub async fn verify(
    ledger: &Ledger,
    anchor: Option<(u64, Digest)>,
) -> Result<(u64, Vec<Finding>), LedgerError> {
    let numbers = ledger.numbers().await?;
    let mut findings = Vec::new();
    let mut prev = Some(genesis());
    let mut expected = 1;
    let mut anchored = None;
    for seq in numbers {
        while expected < seq {
            findings.push(Finding::Missing { seq: expected });
            prev = None;
            expected += 1;
        }
        let bytes = ledger.fetch(&ledger.place(seq)).await?.unwrap_or_default();
        match Record::read(&bytes, seq) {
            Ok(record) => {
                if prev.is_some_and(|prev| prev != record.prev) {
                    findings.push(Finding::Detached { seq });
                }
                if anchor.is_some_and(|(at, _)| at == seq) {
                    anchored = Some(record.hash);
                }
                prev = Some(record.hash);
            }
            Err(error) => {
                findings.push(Finding::Changed { seq, problem: error.to_string() });
                prev = None;
            }
        }
        expected = seq + 1;
    }
    if let Some((seq, hash)) = anchor.filter(|(_, hash)| anchored != Some(*hash)) {
        let _ = hash;
        findings.push(Finding::Anchor { seq, found: anchored });
    }
    Ok((expected - 1, findings))
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Changed { problem, .. } => f.write_str(problem),
            Self::Missing { seq } => write!(f, "record {seq} is missing"),
            Self::Detached { seq } => {
                write!(f, "record {seq} does not follow record {}", seq.saturating_sub(1))
            }
            Self::Anchor { seq, found: None } => {
                write!(f, "record {seq}, which is known from elsewhere, is not there")
            }
            Self::Anchor { seq, found: Some(found) } => {
                write!(f, "record {seq} has the hash {found}, not the one that is known from elsewhere")
            }
        }
    }
}
