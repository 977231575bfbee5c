//! The ledger of an environment: what was decided, and what of the budgets is reserved.
//!
//! A record is an object of its own, `<env>/<number>.json`, that is created and never changed. That only one writer can
//! create the next number is what keeps two runs from taking the same money: whoever comes second reads again and decides
//! again. The head is a copy of where the chain ends, written behind; it saves reading from the start, and is never
//! believed without the records after it.

mod record;
mod verify;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::StreamExt as _;
use jiff::Timestamp;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _, PutMode, PutOptions, PutPayload};

pub use record::{Entry, Record, Says, genesis, hash};
pub use verify::{Finding, verify};

use crate::decimal::Decimal;
use crate::decision::Decision;
use crate::documents::is_env;
use crate::files::{LocationError, store_at};
use crate::json::{Digest, Json, digest};
use crate::request::Request;
use crate::rules::History;

/// Why a ledger cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The store failed.
    #[error("the ledger of {env} cannot be {what}")]
    Store {
        /// Which ledger.
        env: String,
        /// What was tried.
        what: &'static str,
        /// Why it failed.
        #[source]
        source: object_store::Error,
    },
    /// A record is wrong.
    #[error("record {seq} of the ledger is wrong: {problem}")]
    Record {
        /// Which record.
        seq: u64,
        /// What is wrong.
        problem: &'static str,
    },
    /// Others wrote all the time.
    #[error("the ledger of {env} was written by others {attempts} times in a row")]
    Contended {
        /// Which ledger.
        env: String,
        /// How often.
        attempts: usize,
    },
}

/// A ledger.
#[derive(Debug, Clone)]
pub struct Ledger {
    store: Arc<dyn ObjectStore>,
    root: Path,
    env: String,
}

/// What a ledger says.
#[derive(Debug, Clone)]
pub struct State {
    /// Number of the last record; 0 where there is none.
    pub seq: u64,
    /// Its hash.
    pub hash: Digest,
    /// Decisions that are open.
    pub open: BTreeMap<String, Entry>,
    /// Approvals that were used.
    pub used_approvals: BTreeSet<String>,
    /// Activations.
    pub history: History,
}

/// What came of an attempt to record a decision.
#[derive(Debug)]
pub enum Recorded {
    /// It is the last record now.
    Sealed(Box<Record>),
    /// It was there already: deciding again about the same is no second decision.
    There(Box<Entry>),
    /// Somebody else wrote first: read and decide again.
    Overtaken,
}

/// How often writing is tried while others write.
const ATTEMPTS: usize = 200;

impl Ledger {
    /// The ledger of an environment below a place of a store. Opens nothing.
    #[must_use]
    pub fn new(store: Arc<dyn ObjectStore>, root: &Path, env: &str) -> Self {
        Self { store, root: root.clone().join(env), env: env.to_owned() }
    }

    /// The ledger of an environment in a directory, which is made where it is not there, or at an address such as
    /// `s3://bucket/prefix` with credentials from `options`. In a directory a record is on the disk before it counts.
    ///
    /// # Errors
    /// There is no such place.
    pub fn at(
        location: &str,
        env: &str,
        options: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, LocationError> {
        let wrong = |why: String| LocationError { location: location.to_owned(), why };
        if !is_env(env) {
            return Err(wrong(format!("{env:?} is no environment")));
        }
        if location.contains("://") {
            let (store, root) = store_at(location, options)?;
            return Ok(Self::new(store, &root, env));
        }
        std::fs::create_dir_all(location).map_err(|error| wrong(error.to_string()))?;
        let store = LocalFileSystem::new_with_prefix(location).map_err(|error| wrong(error.to_string()))?;
        Ok(Self::new(Arc::new(store.with_fsync(true)), &Path::default(), env))
    }

    fn failed(&self, what: &'static str) -> impl Fn(object_store::Error) -> LedgerError {
        let env = self.env.clone();
        move |source| LedgerError::Store { env: env.clone(), what, source }
    }

    fn place(&self, seq: u64) -> Path {
        self.root.clone().join(format!("{seq:012}.json"))
    }

    async fn fetch(&self, place: &Path) -> Result<Option<bytes::Bytes>, LedgerError> {
        match self.store.get(place).await {
            Ok(found) => found.bytes().await.map(Some).map_err(self.failed("read")),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.failed("read")(error)),
        }
    }

    /// A record, where there is one.
    ///
    /// # Errors
    /// The store failed, or the record is not what was sealed.
    pub async fn record(&self, seq: u64) -> Result<Option<Record>, LedgerError> {
        self.fetch(&self.place(seq)).await?.map(|bytes| Record::read(&bytes, seq)).transpose()
    }

    /// Reads the whole chain.
    ///
    /// # Errors
    /// The store failed, or a record is not what was sealed.
    pub async fn state(&self) -> Result<State, LedgerError> {
        let mut state = State::empty();
        self.advance(&mut state).await?;
        Ok(state)
    }

    /// Reads what came after a state.
    ///
    /// # Errors
    /// The store failed, or a record is not what was sealed.
    pub async fn advance(&self, state: &mut State) -> Result<(), LedgerError> {
        while let Some(record) = self.record(state.seq + 1).await? {
            state.take(&record)?;
        }
        Ok(())
    }

    /// Numbers of the records there are, in order.
    ///
    /// # Errors
    /// The store failed.
    pub async fn numbers(&self) -> Result<Vec<u64>, LedgerError> {
        let mut numbers = Vec::new();
        let mut listed = self.store.list(Some(&self.root));
        while let Some(object) = listed.next().await {
            let object = object.map_err(self.failed("listed"))?;
            let name = object.location.filename().and_then(|name| name.strip_suffix(".json"));
            numbers.extend(name.and_then(|name| name.parse::<u64>().ok()));
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// Records a decision that was made on a state. One that is open already is not recorded again.
    ///
    /// # Errors
    /// The store failed.
    pub async fn append(&self, state: &State, decision: &Decision) -> Result<Recorded, LedgerError> {
        self.replace(state, decision, None).await
    }

    /// Records a decision that takes the place of an earlier one about something else: in one record, so that there is no
    /// moment at which both are held, or neither.
    ///
    /// # Errors
    /// The store failed.
    pub async fn replace(
        &self,
        state: &State,
        decision: &Decision,
        earlier: Option<&str>,
    ) -> Result<Recorded, LedgerError> {
        if let Some(entry) = state.open.get(&decision.id) {
            return Ok(Recorded::There(Box::new(entry.clone())));
        }
        let mut document = decision.document().clone();
        let reserves = decision.judgement.spent.iter().map(|spent| {
            Json::object([
                ("budget", Json::of(&spent.budget)),
                ("period", Json::of(&spent.period)),
                ("amount", Json::of(&spent.projected)),
            ])
        });
        document.set("reserves", Json::List(reserves.collect()));
        let request = decision.document().get("request").map(digest);
        let same = || state.open.values().find(|entry| Some(entry.request) == request);
        let earlier = earlier.or_else(|| same().map(|entry| entry.id.as_str()));
        if let Some(earlier) = earlier.filter(|_| decision.judgement.allowed) {
            document.set("supersedes", Json::of(earlier));
        }
        self.put(document, state).await
    }

    /// Closes a decision with the hours it really was, as often as it takes. One that is not open stays as it is.
    ///
    /// # Errors
    /// The store failed.
    pub async fn close(
        &self,
        decision: &str,
        at: Timestamp,
        hours: &Decimal,
    ) -> Result<Option<Record>, LedgerError> {
        let mut state = self.state().await?;
        for _ in 0..ATTEMPTS {
            if !state.open.contains_key(decision) {
                return Ok(None);
            }
            let at = Timestamp::from_second(at.as_second()).unwrap_or(at);
            let document = Json::object([
                ("schema", Json::of("hybridops.cost-closing")),
                ("schemaVersion", Json::of("1.0.0")),
                ("decisionId", Json::of(decision)),
                ("closedAt", Json::of(at)),
                ("actualHours", Json::of(hours)),
            ]);
            match self.put(document, &state).await? {
                Recorded::Sealed(record) => return Ok(Some(*record)),
                Recorded::There(_) | Recorded::Overtaken => self.advance(&mut state).await?,
            }
        }
        Err(LedgerError::Contended { env: self.env.clone(), attempts: ATTEMPTS })
    }

    /// Decides and records until nobody comes in between. `decide` is asked anew with each state.
    ///
    /// # Errors
    /// The store failed, or others wrote all the time.
    pub async fn decide(
        &self,
        decide: impl Fn(&State) -> Decision + Send,
    ) -> Result<(Decision, Recorded), LedgerError> {
        let mut state = self.state().await?;
        for _ in 0..ATTEMPTS {
            let decision = decide(&state);
            match self.append(&state, &decision).await? {
                Recorded::Overtaken => self.advance(&mut state).await?,
                recorded => return Ok((decision, recorded)),
            }
        }
        Err(LedgerError::Contended { env: self.env.clone(), attempts: ATTEMPTS })
    }

    async fn put(&self, document: Json<'static>, state: &State) -> Result<Recorded, LedgerError> {
        let record = Record::seal(document, state.seq + 1, state.hash)?;
        let payload = PutPayload::from(record.text.clone());
        let create = PutOptions::from(PutMode::Create);
        match self.store.put_opts(&self.place(record.seq), payload, create).await {
            Ok(_) => Ok(Recorded::Sealed(Box::new(record))),
            Err(object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. }) => {
                // Ours, where the answer to an earlier attempt was lost.
                let there = self.record(record.seq).await?;
                let ours = there.is_some_and(|there| there.hash == record.hash);
                Ok(if ours { Recorded::Sealed(Box::new(record)) } else { Recorded::Overtaken })
            }
            Err(error) => Err(self.failed("written")(error)),
        }
    }
}

impl State {
    /// Before the first record.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            seq: 0,
            hash: genesis(),
            open: BTreeMap::new(),
            used_approvals: BTreeSet::new(),
            history: History::default(),
        }
    }

    fn take(&mut self, record: &Record) -> Result<(), LedgerError> {
        if record.prev != self.hash {
            let problem = "it does not follow the record before it";
            return Err(LedgerError::Record { seq: record.seq, problem });
        }
        match &record.says {
            Says::Decision(entry) => {
                if let Some(earlier) = &entry.supersedes {
                    self.forget(earlier);
                }
                self.used_approvals.extend(entry.approval.clone().filter(|_| entry.reserves));
                if entry.reserves {
                    self.history.begun.push(entry.at);
                    self.open.insert(entry.id.clone(), entry.clone());
                }
            }
            Says::Closing { decision, at, .. } => {
                if self.open.remove(decision).is_some() {
                    self.history.last_end = Some(*at);
                }
            }
        }
        self.seq = record.seq;
        self.hash = record.hash;
        Ok(())
    }

    /// The state as a request must see it: without what an earlier decision about the same request holds, which is not
    /// counted against it a second time.
    #[must_use]
    pub fn beside(&self, request: &Request) -> Self {
        let request = digest(&request.to_json());
        let mut state = self.clone();
        let same = |entry: &&Entry| entry.request == request;
        if let Some(id) = self.open.values().find(same).map(|entry| entry.id.clone()) {
            state.forget(&id);
        }
        state
    }

    /// The state without a decision, for one that takes its place.
    #[must_use]
    pub fn without(&self, decision: &str) -> Self {
        let mut state = self.clone();
        state.forget(decision);
        state
    }

    /// Takes a decision that another one takes the place of out of what counts.
    fn forget(&mut self, decision: &str) {
        let Some(entry) = self.open.remove(decision) else { return };
        if let Some(at) = self.history.begun.iter().position(|begun| *begun == entry.at) {
            self.history.begun.remove(at);
        }
        if let Some(approval) = &entry.approval {
            self.used_approvals.remove(approval);
        }
    }

    /// What open decisions hold, by budget and period. One whose window had ended when the figures of what was spent were
    /// taken holds nothing any more: they have it.
    #[must_use]
    pub fn reserved(&self, spend_as_of: Option<Timestamp>) -> BTreeMap<(String, String), Decimal> {
        let mut reserved: BTreeMap<(String, String), Decimal> = BTreeMap::new();
        let counts = |entry: &&Entry| spend_as_of.is_none_or(|as_of| as_of < entry.until);
        for entry in self.open.values().filter(counts) {
            for (budget, period, amount) in &entry.amounts {
                let sum = reserved.entry((budget.clone(), period.clone())).or_default();
                *sum = &*sum + amount;
            }
        }
        reserved
    }
}
