//! Whether a store keeps its word about conditional writes, alone and in a race.
//!
//! Some stores refuse a second writer when the writes come one after the other and let several win when they come
//! together; some ignore the conditions altogether. A store that passes has given evidence, not proof.

use std::fmt;

use bytes::Bytes;
use futures::future::join_all;
use serde::{Deserialize, Serialize};
use transport_base::Budget;

use super::epoch::nonce;
use super::object::{Condition, Store, StoreError, Version};
use super::small;

/// The folder in which the probe writes; it leaves nothing there.
pub const FOLDER: &str = "hybridops/probe";
/// What the last probe found.
pub const KEY: &str = "hybridops/probe.json";

/// How much is tried.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Writers that race for one object.
    pub writers: usize,
    /// Races of each kind.
    pub rounds: usize,
}

impl Default for Effort {
    fn default() -> Self {
        Self { writers: 8, rounds: 20 }
    }
}

/// What a probe found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// Whether every write was answered as an atomic store answers.
    pub atomic: bool,
    /// What was not; empty for an atomic store.
    pub faults: Vec<Fault>,
    /// Writers that raced for one object.
    pub writers: usize,
    /// Races of each kind that were run.
    pub rounds: usize,
    /// Requests it took.
    pub requests: u64,
    /// When it ended, in seconds since 1970.
    pub at: i64,
}

/// One way in which a store does not keep its word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// It cannot write under a condition at all.
    Unsupported,
    /// A write that asked for no object being there replaced one.
    AbsentIgnored,
    /// A write that asked for an older version replaced a newer one.
    StaleAccepted,
    /// A write that asked for the version that stood was refused.
    CurrentRefused,
    /// What was read back is not what was written last.
    OtherContent,
    /// Several writers were told that they made the same object.
    CreateRace {
        /// The most that won one race.
        winners: usize,
        /// Races with more than one winner.
        rounds: usize,
    },
    /// Several writers were told that they replaced the same version.
    ReplaceRace {
        /// The most that won one race.
        winners: usize,
        /// Races with more than one winner.
        rounds: usize,
    },
    /// A race was won by nobody.
    NoWinner,
    /// A race was won by one, but the content is another's.
    WrongWinner,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsupported => f.write_str("it has no conditional writes"),
            Self::AbsentIgnored => {
                f.write_str("it replaced an object although the write asked for there being none")
            }
            Self::StaleAccepted => {
                f.write_str("it replaced an object although the write asked for an older version")
            }
            Self::CurrentRefused => f.write_str("it refused to replace the very version that stood there"),
            Self::OtherContent => f.write_str("what it answers is not what was written last"),
            Self::CreateRace { winners, rounds } => {
                write!(
                    f,
                    "in {rounds} races up to {winners} writers were told that they made the same object"
                )
            }
            Self::ReplaceRace { winners, rounds } => {
                write!(
                    f,
                    "in {rounds} races up to {winners} writers were told that they replaced the same version"
                )
            }
            Self::NoWinner => f.write_str("it refused every writer of a race"),
            Self::WrongWinner => f.write_str("it kept the content of a writer that it had refused"),
        }
    }
}

impl Probe {
    /// What was wrong, as a sentence; empty for an atomic store.
    pub fn why(&self) -> String {
        self.faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    }

    /// What the last probe of this store found, if one was ever made. One request.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn last(store: &dyn Store, budget: &Budget) -> Result<Option<Self>, StoreError> {
        Ok(small::read(store, KEY, budget).await?.map(|(probe, _)| probe))
    }

    /// Tries the store: first one write after the other, then races. Notes what it found in the store.
    ///
    /// # Errors
    /// [`StoreError`] where the store does not answer: nothing is known then.
    pub async fn run(store: &dyn Store, effort: Effort, budget: &Budget) -> Result<Self, StoreError> {
        let before = store.counters().total();
        let mut faults = in_sequence(store, budget).await?;
        if !faults.contains(&Fault::Unsupported) {
            faults.extend(create_races(store, effort, budget).await?);
            faults.extend(replace_races(store, effort, budget).await?);
        }
        let requests = store.counters().total().saturating_sub(before);
        let Effort { writers, rounds } = effort;
        let probe = Self { atomic: faults.is_empty(), faults, writers, rounds, requests, at: small::now() };
        store.put(KEY, small::line(&probe), Condition::Always, budget).await?;
        Ok(probe)
    }
}

fn key() -> String {
    format!("{FOLDER}/{}", nonce())
}

fn body(writer: usize) -> Bytes {
    format!("writer {writer}\n").into()
}

/// Whether a write was let through: `None` where the store cannot do this at all.
fn won(answer: Result<Version, StoreError>) -> Result<Option<Option<Version>>, StoreError> {
    match answer {
        Ok(version) => Ok(Some(Some(version))),
        Err(StoreError::Changed { .. }) => Ok(Some(None)),
        Err(StoreError::Unsupported { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn in_sequence(store: &dyn Store, budget: &Budget) -> Result<Vec<Fault>, StoreError> {
    let key = key();
    let faults = sequence(store, &key, budget).await;
    store.delete(&[key], budget).await?;
    faults
}

async fn sequence(store: &dyn Store, key: &str, budget: &Budget) -> Result<Vec<Fault>, StoreError> {
    let mut faults = Vec::new();
    let first = match won(store.put(key, body(0), Condition::Absent, budget).await)? {
        None => return Ok(vec![Fault::Unsupported]),
        Some(None) => return Ok(vec![Fault::NoWinner]),
        Some(Some(version)) => version,
    };
    match won(store.put(key, body(1), Condition::Absent, budget).await)? {
        None => return Ok(vec![Fault::Unsupported]),
        Some(Some(_)) => faults.push(Fault::AbsentIgnored),
        Some(None) => {}
    }
    let seen = store.get(key, None, budget).await?;
    let current = seen.map_or(first.clone(), |seen| seen.version);
    match won(store.put(key, body(2), Condition::Over(&current), budget).await)? {
        None => return Ok(vec![Fault::Unsupported]),
        Some(None) => faults.push(Fault::CurrentRefused),
        Some(Some(_)) => {}
    }
    if let Some(Some(_)) = won(store.put(key, body(3), Condition::Over(&first), budget).await)? {
        faults.push(Fault::StaleAccepted);
    } else if store.get(key, None, budget).await?.is_none_or(|seen| seen.content != body(2)) {
        faults.push(Fault::OtherContent);
    }
    Ok(faults)
}

/// What came of races of one kind.
#[derive(Default)]
struct Races {
    most: usize,
    unfair: usize,
    none: bool,
    wrong: bool,
}

impl Races {
    async fn race(
        &mut self,
        store: &dyn Store,
        key: &str,
        condition: Condition<'_>,
        writers: usize,
        budget: &Budget,
    ) -> Result<(), StoreError> {
        let writes = (1..=writers).map(|writer| store.put(key, body(writer), condition, budget));
        let mut winners = Vec::new();
        for (writer, answer) in (1..=writers).zip(join_all(writes).await) {
            if won(answer)?.flatten().is_some() {
                winners.push(writer);
            }
        }
        self.most = self.most.max(winners.len());
        match winners.as_slice() {
            [] => self.none = true,
            [winner] => {
                let seen = store.get(key, None, budget).await?;
                self.wrong |= seen.is_none_or(|seen| seen.content != body(*winner));
            }
            _ => self.unfair += 1,
        }
        Ok(())
    }

    fn faults(self, unfair: impl Fn(usize, usize) -> Fault) -> Vec<Fault> {
        let mut faults = Vec::new();
        if self.unfair > 0 {
            faults.push(unfair(self.most, self.unfair));
        }
        if self.none {
            faults.push(Fault::NoWinner);
        }
        if self.wrong {
            faults.push(Fault::WrongWinner);
        }
        faults
    }
}

async fn create_races(store: &dyn Store, effort: Effort, budget: &Budget) -> Result<Vec<Fault>, StoreError> {
    let mut races = Races::default();
    let keys: Vec<String> = (0..effort.rounds).map(|_| key()).collect();
    let mut ended = Ok(());
    for key in &keys {
        ended = races.race(store, key, Condition::Absent, effort.writers, budget).await;
        if ended.is_err() {
            break;
        }
    }
    store.delete(&keys, budget).await?;
    ended?;
    Ok(races.faults(|winners, rounds| Fault::CreateRace { winners, rounds }))
}

async fn replace_races(store: &dyn Store, effort: Effort, budget: &Budget) -> Result<Vec<Fault>, StoreError> {
    let mut races = Races::default();
    let key = key();
    let ended = replace(store, &key, effort, &mut races, budget).await;
    store.delete(&[key], budget).await?;
    ended?;
    Ok(races.faults(|winners, rounds| Fault::ReplaceRace { winners, rounds }))
}

async fn replace(
    store: &dyn Store,
    key: &str,
    effort: Effort,
    races: &mut Races,
    budget: &Budget,
) -> Result<(), StoreError> {
    for round in 0..effort.rounds {
        let start = format!("round {round}\n");
        let version = store.put(key, start.into(), Condition::Always, budget).await?;
        races.race(store, key, Condition::Over(&version), effort.writers, budget).await?;
    }
    Ok(())
}
