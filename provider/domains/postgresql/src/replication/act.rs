//! Looks, plans, acts, and looks again, until there is nothing left to do.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures::future::join_all;
use hosts::MachineError;
use hosts::containers::Containers;
use sha2::{Digest as _, Sha256};
use tf_framework::Diagnostic;
use transport_ssh::{Budget, ShellError};

use super::facts::Member;
use super::lease::LeaseTerms;
use super::member::{Node, leading};
use super::model::{Lost, Synchronous};
use super::plan::{MemberWish, Proof, Sight, Step, Wish, World, plan};
use super::refusal::Refused;
use crate::errors::{Error, Refusal, chain};
use crate::store::epoch::Seen;
use crate::store::{Epoch, Lsn, Store};

/// What is wished of a cluster, and the way to all of it.
pub(crate) struct Cluster {
    /// Its name: in the epoch.
    pub(crate) name: String,
    /// The epoch that is wished.
    pub(crate) epoch: u64,
    /// Who shall be primary.
    pub(crate) primary: String,
    /// The members.
    pub(crate) nodes: BTreeMap<String, Node>,
    /// Containers of members.
    pub(crate) vmids: BTreeMap<String, (u32, String)>,
    /// The hypervisor.
    pub(crate) containers: Option<Arc<dyn Containers>>,
    /// Where the epoch is.
    pub(crate) store: Arc<dyn Store>,
    /// Who members log in as on one another.
    pub(crate) user: String,
    /// The password, where it was given.
    pub(crate) password: Option<String>,
    /// Its version.
    pub(crate) password_version: i64,
    /// The lease.
    pub(crate) lease: Option<LeaseTerms>,
    /// When commits wait.
    pub(crate) synchronous: Synchronous,
    /// `max_slot_wal_keep_size` in MiB; -1 where the instances say it.
    pub(crate) slot_limit: i64,
    /// Bytes by which a standby may be behind when it takes over in order.
    pub(crate) max_lag: u64,
    /// Bytes that may be lost when it takes over from one that is gone.
    pub(crate) max_loss_bytes: Option<u64>,
    /// Milliseconds of work that may be lost then.
    pub(crate) max_loss_milliseconds: Option<i64>,
    /// The epoch for which a promotion without a fence is accepted.
    pub(crate) accept_unfenced: Option<u64>,
    /// Commits that may be lost, by member.
    pub(crate) accept_loss: BTreeMap<String, u64>,
    /// How long all of it may take.
    pub(crate) budget: Budget,
}

/// What came of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outcome {
    /// How the old primary was known to be gone.
    pub(crate) fenced_by: Option<String>,
    /// Bytes that were estimated to be lost; nothing where nobody could know.
    pub(crate) estimate: Option<u64>,
    /// Bytes of WAL that were carried over from the old primary's disk.
    pub(crate) handed_over: Option<u64>,
    /// What members hold that the primary has not.
    pub(crate) lost: BTreeMap<String, Lost>,
    /// How long each step took, in milliseconds.
    pub(crate) took: BTreeMap<String, i64>,
    /// Whether the primary moved.
    pub(crate) moved: bool,
    /// What is to be said.
    pub(crate) warnings: Vec<Diagnostic>,
}

/// What is known beside what can be looked at.
#[derive(Debug, Default)]
pub(super) struct Memory {
    pub(super) proofs: BTreeMap<String, Proof>,
    pub(super) outcome: Outcome,
    pub(super) segment: Option<String>,
    /// Where the WAL of the old primary ends, as it was read on its disk.
    pub(super) end: Option<Lsn>,
}

/// How long a member may take to answer before it is taken for one that cannot be reached.
const PATIENCE: Duration = Duration::from_secs(40);

/// Rounds of looking and acting. A move takes five.
const ROUNDS: usize = 30;

/// How long is waited before the same step is tried once more.
const PAUSE: Duration = Duration::from_secs(2);

impl Cluster {
    /// Looks at everything.
    ///
    /// # Errors
    /// The store cannot be read, or a member answers with something else than it should.
    pub(crate) async fn look(&self, proofs: &BTreeMap<String, Proof>) -> Result<World, Error> {
        let epoch = self.read_epoch().await?.map(|seen| seen.epoch);
        let looks = self.nodes.values().map(|node| async {
            let budget = self.budget.shortened(PATIENCE);
            (node.name.clone(), node.look(&budget).await)
        });
        let mut members = BTreeMap::new();
        for (name, look) in join_all(looks).await {
            let sight = match look {
                Ok(member) => Sight::Seen(Box::new(member)),
                Err(Error::Machine(MachineError::Shell(error))) if is_hidden(&error, &self.budget) => {
                    Sight::Hidden { why: transport_ssh::told(&error), proof: proofs.get(&name).cloned() }
                }
                Err(error) => return Err(error),
            };
            members.insert(name, sight);
        }
        Ok(World { epoch, members, now: now() })
    }

    pub(super) async fn read_epoch(&self) -> Result<Option<Seen>, Error> {
        Epoch::read(&*self.store, &self.budget).await.map_err(|error| store_error(&error))
    }

    /// What is wished, given what was seen.
    pub(crate) fn wish(&self, world: &World, lost: &BTreeMap<String, Lost>) -> Wish {
        let primary = self.nodes.get(&self.primary);
        let at = primary.map_or(("", 0), |node| (node.address.as_str(), node.place.port));
        let digest = |text: &str| format!("{:x}", Sha256::digest(text));
        let as_primary = digest(&leading(&self.synchronous_names(world), self.slot_limit));
        let member = |(name, node): (&String, &Node)| {
            let to_be = MemberWish {
                can_be_fenced: self.vmids.contains_key(name) && self.containers.is_some(),
                slot: node.slot(),
                guard: self.guard(node).1,
                as_primary: as_primary.clone(),
                as_standby: digest(&node.following(at, &self.user, self.slot_limit)),
                password_version: self.password_version.to_string(),
                lost: lost.get(name).filter(|lost| !lost.accepted).map(|lost| lost.commits),
            };
            (name.clone(), to_be)
        };
        Wish {
            epoch: self.epoch,
            primary: self.primary.clone(),
            members: self.nodes.iter().map(member).collect(),
            margin: MARGIN,
            accept_unfenced: self.accept_unfenced,
            accept_loss: self.accept_loss.clone(),
            max_lag: self.max_lag,
        }
    }

    /// `synchronous_standby_names` as it is to be.
    pub(super) fn synchronous_names(&self, world: &World) -> String {
        let others = self.nodes.values().filter(|node| node.name != self.primary);
        let streams = |slot: &str| {
            let primary = world.seen().find(|(name, _)| **name == self.primary);
            let server = primary.and_then(|(_, member)| member.server.as_ref());
            server.is_some_and(|server| server.streams.iter().any(|stream| stream.name == slot))
        };
        let names: Vec<String> = match self.synchronous {
            Synchronous::Off => Vec::new(),
            Synchronous::On => others.map(Node::slot).filter(|slot| streams(slot)).collect(),
            Synchronous::Strict => others.map(Node::slot).collect(),
        };
        if names.is_empty() { String::new() } else { format!("ANY 1 ({})", names.join(", ")) }
    }

    /// What would be done now.
    ///
    /// # Errors
    /// It must not be done.
    pub(crate) fn forecast(
        &self,
        world: &World,
        lost: &BTreeMap<String, Lost>,
    ) -> Result<Vec<Step>, Refused> {
        self.slots_fit(world)?;
        plan(world, &self.wish(world, lost))
    }

    /// The limit of slots is never lowered below what they keep.
    fn slots_fit(&self, world: &World) -> Result<(), Refused> {
        if self.slot_limit < 0 {
            return Ok(());
        }
        for server in world.seen().filter_map(|(_, member)| member.server.as_ref()) {
            let lowered = server.slot_limit < 0 || self.slot_limit < server.slot_limit;
            let limit = u64::try_from(self.slot_limit).unwrap_or(0);
            for slot in server.slots.iter().filter(|_| lowered) {
                let lag = slot.lag >> 20;
                if lag > limit {
                    return Err(Refused::SlotLimit { slot: slot.name.clone(), lag, limit: self.slot_limit });
                }
            }
        }
        Ok(())
    }

    /// Brings everything to what is wished.
    ///
    /// # Errors
    /// What could not be done, or must not be. What was done so far is kept.
    pub(crate) async fn converge(&self, lost: &BTreeMap<String, Lost>) -> Result<(World, Outcome), Error> {
        let mut memory = Memory::default();
        memory.outcome.lost.clone_from(lost);
        let mut before = Vec::new();
        for _ in 0..ROUNDS {
            let world = self.look(&memory.proofs).await?;
            let steps = self
                .forecast(&world, &memory.outcome.lost)
                .map_err(|refused| Error::from(Refusal::from(refused)))?;
            if steps.is_empty() {
                return Ok((world, memory.outcome));
            }
            // What was just done is not to be seen yet: a server on a busy machine takes its time to come up.
            if steps == before {
                tokio::time::sleep(PAUSE).await;
            }
            for step in &steps {
                let begun = Instant::now();
                tracing::info!(cluster = %self.name, ?step, "begins");
                self.act(step, &world, &mut memory).await?;
                let took = i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX);
                tracing::info!(cluster = %self.name, ?step, milliseconds = took, "ended");
                *memory.outcome.took.entry(name_of(step)).or_default() += took;
            }
            before = steps;
        }
        let world = self.look(&memory.proofs).await?;
        let left = self.forecast(&world, &memory.outcome.lost);
        Err(Error::Answer {
            machine: self.name.clone(),
            problem: format!("after {ROUNDS} rounds these steps are still to be done: {left:?}"),
        })
    }
}

/// Seconds by which the clocks of machines may differ.
pub(crate) const MARGIN: i64 = 5;

/// Whether a failure says that the machine cannot be reached, rather than that our own time is over.
fn is_hidden(error: &ShellError, budget: &Budget) -> bool {
    match error {
        ShellError::NotStarted { .. } | ShellError::Lost { .. } => true,
        ShellError::Interrupted { .. } => budget.check(String::new).is_ok(),
        ShellError::Source { .. } => false,
    }
}

pub(super) fn store_error(error: &crate::store::StoreError) -> Error {
    let told = chain(error);
    let detail = format!("{told}.\n\nNothing is moved while it cannot be said who holds the epoch.");
    Refusal::new("The store of the epoch cannot be used", detail)
        .at(tf_framework::Path::root().attribute("storage"))
        .into()
}

/// Seconds since 1970.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// A step's name, for the figures.
fn name_of(step: &Step) -> String {
    let shown = format!("{step:?}");
    let word = shown.split(['(', ' ', '{']).next().unwrap_or_default();
    let mut name = String::new();
    for letter in word.chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

/// What a member is, for the state.
pub(crate) fn role_of(name: &str, sight: &Sight, lost: &BTreeMap<String, Lost>) -> String {
    let role = match sight {
        Sight::Hidden { .. } => "unreachable",
        Sight::Seen(member) if member.is_primary() => "primary",
        Sight::Seen(_) if lost.get(name).is_some_and(|lost| !lost.accepted && lost.commits > 0) => "diverged",
        Sight::Seen(member) if member.follower().is_some() => "standby",
        Sight::Seen(member) if member.data == super::facts::Data::Present => "down",
        Sight::Seen(_) => "empty",
    };
    role.to_owned()
}

/// The loss that a move would mean, in bytes and in milliseconds of work: exactly, where the end of the old primary's WAL
/// was read on its disk, else by what its lease told last. `None` where nobody knows: it was not read, and no lease
/// tells.
pub(super) fn estimate(
    epoch: &Epoch,
    end: Option<Lsn>,
    replayed: Lsn,
    replayed_at: Option<i64>,
) -> Option<(u64, i64)> {
    if let Some(end) = end.filter(|end| *end < replayed) {
        tracing::debug!(%end, %replayed, "nothing is missing");
        return Some((0, 0));
    }
    if end.is_none() && epoch.expires == 0 {
        return None;
    }
    let bytes = end.unwrap_or(epoch.lsn).since(replayed);
    let milliseconds = match replayed_at {
        Some(at) if bytes > 0 => {
            let last_heard = if epoch.expires == 0 { now() } else { epoch.renewed };
            last_heard.saturating_mul(1000).saturating_sub(at).max(0)
        }
        _ => 0,
    };
    Some((bytes, milliseconds))
}

/// A member that was seen.
pub(super) fn seen<'a>(world: &'a World, name: &str) -> Option<&'a Member> {
    world.seen().find(|(seen, _)| *seen == name).map(|(_, member)| member)
}
