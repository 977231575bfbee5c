//! One record of a ledger: what was decided or closed, chained to the record before.

use jiff::Timestamp;

use super::LedgerError;
use crate::decimal::Decimal;
use crate::fields::moment;
use crate::json::{Digest, Json, canonical, digest, parse};
use crate::request::NOT_COSTLY;

/// What the hash of a record is taken over comes after this line.
const PREFIX: &str = "hybridops-ledger-v1\n";
/// The hash that comes before the first record: that of this text.
const GENESIS: &str = "hybridops-ledger-v1 genesis";

/// A record, checked in itself.
#[derive(Debug, Clone)]
pub struct Record {
    /// Its number, from 1.
    pub seq: u64,
    /// Hash of the record before.
    pub prev: Digest,
    /// Its own hash.
    pub hash: Digest,
    /// What it says.
    pub says: Says,
    pub(super) text: String,
}

/// What a record says.
#[derive(Debug, Clone)]
pub enum Says {
    /// Something was decided.
    Decision(Entry),
    /// What was decided has ended.
    Closing {
        /// Which decision.
        decision: String,
        /// When.
        at: Timestamp,
        /// How many hours it really was.
        hours: Decimal,
    },
}

/// A decision as the ledger needs it.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its name.
    pub id: String,
    /// Number of its record.
    pub seq: u64,
    /// Whether it holds a reservation: it was allowed, and no simulation.
    pub reserves: bool,
    /// When it was made.
    pub at: Timestamp,
    /// When its window ends.
    pub until: Timestamp,
    /// What it holds, by budget and period.
    pub amounts: Vec<(String, String, Decimal)>,
    /// The approval it used up.
    pub approval: Option<String>,
    /// What was asked: asking the same again is about the same money.
    pub request: Digest,
    /// The earlier decision about the same that it takes the place of.
    pub supersedes: Option<String>,
}

/// The hash before the first record.
#[must_use]
pub fn genesis() -> Digest {
    Digest::of(GENESIS.as_bytes())
}

/// The hash of a record: over its canonical form without the hash itself.
#[must_use]
pub fn hash(record: &Json<'_>) -> Digest {
    let mut unsealed = record.clone();
    if let Json::Object(members) = &mut unsealed {
        for (_, value) in members.iter_mut().filter(|(key, _)| key == "ledger") {
            value.take("hash");
        }
    }
    Digest::of(format!("{PREFIX}{}", canonical(&unsealed)).as_bytes())
}

impl Entry {
    /// When a window ends; none where time itself does before.
    #[must_use]
    pub fn end(start: Timestamp, hours: &Decimal) -> Option<Timestamp> {
        let hours: f64 = hours.to_string().parse().ok()?;
        let length = jiff::SignedDuration::try_from_secs_f64(hours * 3600.0).ok()?;
        start.checked_add(length).ok()
    }
}

impl Record {
    /// The record as it is stored: canonical, with its place in the chain.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Seals a document as the record `seq` after the one with the hash `prev`.
    ///
    /// # Errors
    /// It is neither a decision nor a closing.
    pub fn seal(mut document: Json<'static>, seq: u64, prev: Digest) -> Result<Self, LedgerError> {
        document.take("ledger");
        let place = [("seq", Json::count(seq)), ("prev", Json::of(prev))];
        document.set("ledger", Json::object(place));
        let hash = hash(&document);
        let says = says(&document)
            .ok_or(LedgerError::Record { seq, problem: "neither a decision nor a closing" })?;
        if let Json::Object(members) = &mut document {
            for (_, value) in members.iter_mut().filter(|(key, _)| key == "ledger") {
                value.set("hash", Json::of(hash));
            }
        }
        Ok(Self { seq, prev, hash, says, text: canonical(&document) })
    }

    /// Reads a record, and proves that nothing in it was changed.
    ///
    /// # Errors
    /// It is no record, or not the one that was sealed.
    pub fn read(bytes: &[u8], expected: u64) -> Result<Self, LedgerError> {
        let wrong = |problem| LedgerError::Record { seq: expected, problem };
        let document = parse(bytes).map_err(|_| wrong("no JSON"))?;
        let place = document.get("ledger").ok_or(wrong("without a place in the chain"))?;
        let seq: u64 = place.get("seq").and_then(Json::as_count).ok_or(wrong("without a number"))?;
        if seq != expected {
            return Err(wrong("it has another number"));
        }
        let stated = |key| place.get(key).and_then(Json::as_text).and_then(Digest::parse);
        let prev = stated("prev").ok_or(wrong("without the hash of the one before"))?;
        let sealed = stated("hash").ok_or(wrong("without a hash"))?;
        if hash(&document) != sealed {
            return Err(wrong("it was changed after it was sealed"));
        }
        let says = says(&document).ok_or(wrong("neither a decision nor a closing"))?;
        Ok(Self { seq, prev, hash: sealed, says, text: canonical(&document) })
    }
}

fn text<'j>(json: &'j Json<'_>, path: &[&str]) -> Option<&'j str> {
    path.iter().try_fold(json, |json, key| json.get(key))?.as_text()
}

fn says(document: &Json<'_>) -> Option<Says> {
    match text(document, &["schema"])? {
        "hybridops.cost-decision" => entry(document).map(Says::Decision),
        "hybridops.cost-closing" => Some(Says::Closing {
            decision: text(document, &["decisionId"])?.to_owned(),
            at: moment(text(document, &["closedAt"])?)?,
            hours: text(document, &["actualHours"])?.parse().ok()?,
        }),
        _ => None,
    }
}

fn entry(document: &Json<'_>) -> Option<Entry> {
    let start = moment(text(document, &["request", "windowStart"])?)?;
    let hours: Decimal = text(document, &["request", "hours"])?.parse().ok()?;
    let allowed = document.get("allowed") == Some(&Json::Bool(true));
    Some(Entry {
        id: text(document, &["decisionId"])?.to_owned(),
        seq: document.get("ledger")?.get("seq")?.as_count()?,
        // What spends less holds nothing, and is no activation.
        reserves: allowed
            && text(document, &["mode"])? != "simulate"
            && !NOT_COSTLY.contains(&text(document, &["request", "action"])?),
        at: moment(text(document, &["evaluatedAt"])?)?,
        until: Entry::end(start, &hours)?,
        amounts: amounts(document).unwrap_or_default(),
        approval: text(document, &["approval"]).map(str::to_owned),
        request: digest(document.get("request")?),
        supersedes: text(document, &["supersedes"]).map(str::to_owned),
    })
}

/// What a decision holds: `reserves`, which the ledger adds to the decision it seals.
fn amounts(document: &Json<'_>) -> Option<Vec<(String, String, Decimal)>> {
    let Json::List(entries) = document.get("reserves")? else { return None };
    entries
        .iter()
        .map(|entry| {
            let amount = text(entry, &["amount"])?.parse().ok()?;
            Some((text(entry, &["budget"])?.to_owned(), text(entry, &["period"])?.to_owned(), amount))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLISHED: &str = include_str!("../../testdata/decision-cd_bac26599f15ca630b5f6db6d48473a69.json");

    #[test]
    fn the_published_record_has_its_hash() {
        let record = Record::read(PUBLISHED.as_bytes(), 42).unwrap();
        assert_eq!(record.prev, genesis());
        assert_eq!(
            record.hash.to_string(),
            "sha256:2bc28e3bbe01bbf5defc6e96e1fba819bbcc040bec7036204740b2797cb0fc0c"
        );
    }

    #[test]
    fn a_flipped_byte_is_seen() {
        let changed = PUBLISHED.replacen("312.40", "312.41", 1);
        let error = Record::read(changed.as_bytes(), 42).unwrap_err().to_string();
        assert!(error.contains("42") && error.contains("changed"), "{error}");
    }
}
