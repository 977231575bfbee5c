//! What is to be done, decided from what was seen: a pure function.
//!
//! The plan is made anew after every barrier, from what is there then: the epoch object and all members are looked at
//! first, so that a move that was killed at any step goes on where it stopped. Nothing is remembered in between but
//! the proof that a member which cannot be reached is gone.

use std::collections::BTreeMap;

use super::facts::{Data, Member};
use super::refusal::Refused;
use crate::store::{Epoch, Lsn};

/// What was seen.
#[derive(Debug, Clone)]
pub(crate) struct World {
    /// The epoch that is held.
    pub(crate) epoch: Option<Epoch>,
    /// The members.
    pub(crate) members: BTreeMap<String, Sight>,
    /// The time here, in seconds since 1970.
    pub(crate) now: i64,
}

/// What was seen of a member.
#[derive(Debug, Clone)]
pub(crate) enum Sight {
    /// It answered.
    Seen(Box<Member>),
    /// It did not.
    Hidden {
        /// Why.
        why: String,
        /// How it is proven that its server does not run.
        proof: Option<Proof>,
    },
}

/// How it is proven that the server of a member that cannot be reached does not run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Proof {
    /// Its container is stopped, as the hypervisor said.
    Container(String),
    /// The lease of its epoch has ended, and nobody renewed it.
    Lease(String),
}

/// What is wished.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    /// The epoch.
    pub(crate) epoch: u64,
    /// Who shall be primary in it.
    pub(crate) primary: String,
    /// What each member is to be.
    pub(crate) members: BTreeMap<String, MemberWish>,
    /// Seconds by which clocks may differ.
    pub(crate) margin: i64,
    /// The epoch for which a promotion without a fence is accepted.
    pub(crate) accept_unfenced: Option<u64>,
    /// Commits that may be lost, by member.
    pub(crate) accept_loss: BTreeMap<String, u64>,
    /// Bytes by which a standby may be behind when it is made primary in order.
    pub(crate) max_lag: u64,
}

/// What a member is to be.
#[derive(Debug, Clone, Default)]
pub(crate) struct MemberWish {
    /// Whether its container can be stopped.
    pub(crate) can_be_fenced: bool,
    /// Name of its slot on the others.
    pub(crate) slot: String,
    /// Which fence and lease are to be installed.
    pub(crate) guard: String,
    /// Digest of its settings as primary.
    pub(crate) as_primary: String,
    /// Digest of its settings as a standby of the primary.
    pub(crate) as_standby: String,
    /// Version of the password it logs in with elsewhere.
    pub(crate) password_version: String,
    /// Commits that are known to be lost when it is rewound, from an earlier look.
    pub(crate) lost: Option<u64>,
}

/// Something to do. Each looks at what is there first, so that doing it twice is doing it once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// Installs fence and lease on a member.
    Guard(String),
    /// Keeps the password that a member logs in with.
    Password(String),
    /// Writes the first epoch.
    Found,
    /// Sees whether the lease of a holder that cannot be reached is still renewed.
    Watch(String),
    /// Waits until that lease has ended.
    AwaitLease(String),
    /// Stops a member's container and reads that back.
    Fence(String),
    /// Sees what the primary writes arrive on the standby. Both ends of a link that was cut go on calling it a stream.
    Streams {
        /// The primary.
        old: String,
        /// The standby.
        new: String,
    },
    /// Stops a member's server, and keeps it from coming back as a primary.
    Quiesce(String),
    /// Starts a standby that is down.
    Start(String),
    /// Carries over what the old primary, which is down, wrote and the standby did not get.
    HandOver {
        /// The old primary.
        old: String,
        /// The standby.
        new: String,
    },
    /// Proves that the new primary has everything of the old one.
    CaughtUp {
        /// The old one.
        old: String,
        /// The new one.
        new: String,
    },
    /// Replays all there is, and judges what is lost.
    Drain(String),
    /// Writes the next epoch over the one that is held.
    Raise {
        /// Whether the holder was not proven to be gone.
        unfenced: bool,
    },
    /// Makes the holder of the epoch the primary.
    Promote(String),
    /// Sees the new timeline in the archive.
    Archived(String),
    /// Begins a full backup.
    Backup(String),
    /// Settings and slots of the primary.
    Tend(String),
    /// Makes a member follow the primary.
    Follow(String),
    /// Counts what a member has that the primary has not, keeps it, and turns the member back.
    Rejoin(String),
    /// Copies the data of a standby.
    Clone(String),
    /// Brings back the holder of the epoch.
    Release(String),
}

/// Decides the next steps; empty when everything is as wished.
///
/// # Errors
/// What must not be done, and why.
pub(crate) fn plan(world: &World, wish: &Wish) -> Result<Vec<Step>, Refused> {
    if !wish.members.contains_key(&wish.primary) {
        return Err(Refused::NoMember { member: wish.primary.clone() });
    }
    one_system(world)?;
    let Some(epoch) = &world.epoch else { return found(world, wish) };
    if wish.epoch == epoch.epoch {
        settle(world, wish, epoch)
    } else if Some(wish.epoch) == epoch.epoch.checked_add(1) {
        move_primary(world, wish, epoch)
    } else {
        Err(Refused::EpochNumber { held: epoch.epoch, holder: epoch.holder.clone(), wished: wish.epoch })
    }
}

/// All members have the data of one system, that of the epoch.
fn one_system(world: &World) -> Result<(), Refused> {
    let mut known = world.epoch.as_ref().map(|epoch| ("the epoch".to_owned(), epoch.system_id));
    for (name, member) in world.seen() {
        let Some(id) = member.system_id else { continue };
        match &known {
            None => known = Some((name.clone(), id)),
            Some((_, expected)) if *expected == id => {}
            Some((whose, expected)) => {
                return Err(Refused::OtherSystem {
                    member: name.clone(),
                    id,
                    whose: whose.clone(),
                    expected: *expected,
                });
            }
        }
    }
    Ok(())
}

/// The first epoch: of a primary that runs.
fn found(world: &World, wish: &Wish) -> Result<Vec<Step>, Refused> {
    if wish.epoch != 1 {
        return Err(Refused::FirstEpoch { wished: wish.epoch });
    }
    let primary = world.must_see(&wish.primary)?;
    if !primary.is_primary() {
        return Err(Refused::NotPrimary { member: wish.primary.clone() });
    }
    if let Some((other, _)) = world.primaries().find(|(name, _)| **name != wish.primary) {
        return Err(Refused::TwoPrimaries { one: wish.primary.clone(), other: other.clone() });
    }
    Ok(vec![Step::Found])
}

/// The epoch is as wished: whatever is left of a move is done, and who has fallen behind is brought back.
fn settle(world: &World, wish: &Wish, epoch: &Epoch) -> Result<Vec<Step>, Refused> {
    let holder = &epoch.holder;
    if *holder != wish.primary {
        return Err(Refused::Held {
            epoch: epoch.epoch,
            holder: holder.clone(),
            wished: wish.primary.clone(),
        });
    }
    let member = world.must_see(holder).map_err(|_| Refused::HolderHidden {
        holder: holder.clone(),
        epoch: epoch.epoch,
        why: world.why_hidden(holder),
    })?;
    // Whoever else takes writes lost the epoch long ago.
    let strays: Vec<Step> = world
        .primaries()
        .filter(|(name, _)| *name != holder)
        .map(|(name, _)| Step::Quiesce(name.clone()))
        .collect();
    if !strays.is_empty() {
        return Ok(strays);
    }
    if member.data != Data::Present {
        return Err(Refused::HolderEmpty { holder: holder.clone(), epoch: epoch.epoch });
    }
    let mut steps = prepared(holder, member, wish);
    if let Some(server) = member.follower() {
        // The epoch was raised for it, and it was not promoted yet: it is about to begin the epoch's timeline.
        if server.timeline.saturating_add(1) < epoch.timeline {
            return Err(Refused::OlderTimeline {
                member: holder.clone(),
                timeline: server.timeline,
                held: epoch.timeline,
            });
        }
        steps.extend(promotion(holder));
        return Ok(steps);
    }
    if !member.is_primary() {
        steps.push(if member.standby { Step::Start(holder.clone()) } else { Step::Release(holder.clone()) });
        return Ok(steps);
    }
    if is_untended(member, wish, holder) {
        steps.push(Step::Tend(holder.clone()));
    }
    for (name, other) in world.seen().filter(|(name, _)| *name != holder) {
        steps.extend(followed(name, other, member, wish)?);
    }
    Ok(steps)
}

/// What is done to a standby that holds the epoch.
fn promotion(member: &str) -> Vec<Step> {
    let member = || member.to_owned();
    vec![Step::Promote(member()), Step::Archived(member()), Step::Backup(member()), Step::Tend(member())]
}

/// What every member needs before anything else.
fn prepared(name: &str, member: &Member, wish: &Wish) -> Vec<Step> {
    let mut steps = Vec::new();
    let Some(to_be) = wish.members.get(name) else { return steps };
    if member.guard.as_deref() != Some(&to_be.guard) {
        steps.push(Step::Guard(name.to_owned()));
    }
    if member.password_version.as_deref() != Some(&to_be.password_version) {
        steps.push(Step::Password(name.to_owned()));
    }
    steps
}

/// Whether settings or slots of the primary are not as they are to be.
fn is_untended(member: &Member, wish: &Wish, holder: &str) -> bool {
    let Some(to_be) = wish.members.get(holder) else { return false };
    let has = |slot: &str| {
        member.server.as_ref().is_some_and(|server| {
            server.slots.iter().any(|found| found.name == slot && (found.active || !found.lost))
        })
    };
    let others = wish.members.iter().filter(|(name, _)| *name != holder);
    member.settings.as_deref() != Some(&to_be.as_primary)
        || !others.into_iter().all(|(_, other)| has(&other.slot))
}

/// What makes a member a standby of the primary.
fn followed(name: &str, member: &Member, primary: &Member, wish: &Wish) -> Result<Vec<Step>, Refused> {
    let Some(to_be) = wish.members.get(name) else { return Ok(Vec::new()) };
    if !member.installed {
        return Err(Refused::NotInstalled { member: name.to_owned() });
    }
    let mut steps = prepared(name, member, wish);
    let own = || name.to_owned();
    match member.data {
        Data::Foreign => return Err(Refused::ForeignData { member: own() }),
        Data::Missing | Data::Empty => {
            steps.extend([Step::Clone(own()), Step::Follow(own())]);
            return Ok(steps);
        }
        Data::Present => {}
    }
    if member.rejoining || has_diverged(member, primary) {
        // What would be lost was counted, and nobody accepted it: it stays as it is.
        if to_be.lost.is_some_and(|lost| lost > 0 && wish.accept_loss.get(name) != Some(&lost))
            && !member.alive
        {
            return Ok(steps);
        }
        if member.alive {
            steps.push(Step::Quiesce(own()));
        }
        steps.extend([Step::Rejoin(own()), Step::Follow(own())]);
        return Ok(steps);
    }
    let follows = member.follower().is_some() && member.standby;
    if !follows || member.settings.as_deref() != Some(&to_be.as_standby) {
        steps.push(Step::Follow(own()));
    }
    Ok(steps)
}

/// Whether a member has WAL that the primary has not: it wrote or received beyond the point where the primary's
/// history left its own.
fn has_diverged(member: &Member, primary: &Member) -> bool {
    let newest = primary.server.as_ref().map_or(primary.timeline, |server| server.timeline);
    let own = member.server.as_ref().map_or(member.timeline, |server| server.timeline.max(member.timeline));
    if own >= newest {
        // On the same timeline only the primary writes; a server that was shut down beyond it wrote, too.
        let end = primary.server.as_ref().map_or(Lsn(0), |server| server.lsn);
        return own > newest || (!member.standby && member.server.is_none() && member.checkpoint > end);
    }
    let Some(fork) = primary.fork_of(own) else { return true };
    match &member.server {
        Some(server) => !server.in_recovery || server.lsn > fork,
        // A standby that is down replayed no further than it flushed, which its checkpoint does not tell; it says so
        // itself when it starts. A primary that was shut down ends with its checkpoint.
        None if member.standby => member.checkpoint > fork,
        None => !member.was_shut_down() || member.checkpoint >= fork,
    }
}

/// The primary moves to another member.
fn move_primary(world: &World, wish: &Wish, epoch: &Epoch) -> Result<Vec<Step>, Refused> {
    let (old, new) = (&epoch.holder, &wish.primary);
    if old == new {
        return Err(Refused::SameHolder { holder: old.clone(), epoch: epoch.epoch });
    }
    let member = world.must_see(new)?;
    if member.data != Data::Present || !(member.standby || member.is_primary()) {
        return Err(Refused::NotStandby { member: new.clone() });
    }
    if member.is_primary() {
        return Err(Refused::TwoPrimaries { one: new.clone(), other: old.clone() });
    }
    let mut steps = prepared(new, member, wish);
    let Some(server) = member.follower() else {
        steps.push(Step::Start(new.clone()));
        return Ok(steps);
    };
    if server.timeline < epoch.timeline {
        return Err(Refused::OlderTimeline {
            member: new.clone(),
            timeline: server.timeline,
            held: epoch.timeline,
        });
    }
    let mut move_steps = match world.members.get(old) {
        Some(Sight::Seen(old_member)) => from_seen(old, old_member, new, member, wish)?,
        Some(Sight::Hidden { why, proof }) => from_hidden(world, wish, epoch, why, proof.as_ref())?,
        None => return Err(Refused::NoMember { member: old.clone() }),
    };
    // The guard of the new primary is part of the move only where nothing is stopped for it.
    steps.append(&mut move_steps);
    Ok(steps)
}

/// From an old primary that answers.
fn from_seen(
    old: &str,
    old_member: &Member,
    new: &str,
    member: &Member,
    wish: &Wish,
) -> Result<Vec<Step>, Refused> {
    if old_member.is_primary() {
        is_ready(old, old_member, new, member, wish)?;
        let streams = Step::Streams { old: old.to_owned(), new: new.to_owned() };
        return Ok(vec![streams, Step::Quiesce(old.to_owned())]);
    }
    // It does not answer, or is down already: it is kept down, and the plan made anew from how it ended.
    if old_member.alive || old_member.fence.is_none() {
        return Ok(vec![Step::Quiesce(old.to_owned())]);
    }
    let mut steps = Vec::new();
    if old_member.data == Data::Present {
        steps.push(Step::HandOver { old: old.to_owned(), new: new.to_owned() });
    }
    steps.push(if old_member.was_shut_down() {
        Step::CaughtUp { old: old.to_owned(), new: new.to_owned() }
    } else {
        Step::Drain(new.to_owned())
    });
    steps.push(Step::Raise { unfenced: false });
    steps.extend(promotion(new));
    Ok(steps)
}

/// Whether a primary that answers can be handed over without a loss.
fn is_ready(old: &str, old_member: &Member, new: &str, member: &Member, wish: &Wish) -> Result<(), Refused> {
    let not = |why: String| Err(Refused::NotReady { old: old.to_owned(), new: new.to_owned(), why });
    let (Some(primary), Some(standby)) = (&old_member.server, &member.server) else {
        return not("it does not answer".to_owned());
    };
    if !standby.streaming {
        return not(format!("{new} does not receive a stream"));
    }
    if standby.timeline != primary.timeline {
        return not(format!("{new} is on timeline {} and {old} on {}", standby.timeline, primary.timeline));
    }
    let lag = primary.lsn.since(standby.lsn);
    if lag > wish.max_lag {
        return not(format!("{new} is {lag} bytes behind, more than `max_lag_bytes` = {}", wish.max_lag));
    }
    if primary.archives && primary.archive_failing {
        return not(format!("the last attempt of {old} to archive failed"));
    }
    let slot = |of: &str| wish.members.get(of).map(|member| member.slot.clone()).unwrap_or_default();
    if !primary.slots.iter().any(|found| found.name == slot(new)) {
        return not(format!("{old} has no slot {:?}", slot(new)));
    }
    Ok(())
}

/// From an old primary that cannot be reached.
fn from_hidden(
    world: &World,
    wish: &Wish,
    epoch: &Epoch,
    why: &str,
    proof: Option<&Proof>,
) -> Result<Vec<Step>, Refused> {
    let (old, new) = (&epoch.holder, &wish.primary);
    let fenced = proof.is_some() || epoch.has_expired(world.now, wish.margin);
    let can_be_fenced = wish.members.get(old).is_some_and(|member| member.can_be_fenced);
    let accepted = wish.accept_unfenced == Some(wish.epoch);
    if !fenced {
        if can_be_fenced {
            let mut steps = vec![Step::Fence(old.clone())];
            if epoch.expires != 0 {
                steps.insert(0, Step::Watch(old.clone()));
            }
            return Ok(steps);
        }
        if epoch.expires != 0 && !accepted {
            return Ok(vec![Step::AwaitLease(old.clone())]);
        }
        if !accepted {
            return Err(Refused::NotFenced { old: old.clone(), why: why.to_owned(), epoch: wish.epoch });
        }
    }
    let mut steps = vec![Step::Drain(new.clone()), Step::Raise { unfenced: !fenced }];
    steps.extend(promotion(new));
    Ok(steps)
}

impl World {
    /// Members that answered.
    pub(crate) fn seen(&self) -> impl Iterator<Item = (&String, &Member)> {
        self.members.iter().filter_map(|(name, sight)| match sight {
            Sight::Seen(member) => Some((name, &**member)),
            Sight::Hidden { .. } => None,
        })
    }

    /// Members that take writes.
    pub(crate) fn primaries(&self) -> impl Iterator<Item = (&String, &Member)> {
        self.seen().filter(|(_, member)| member.is_primary())
    }

    fn must_see(&self, name: &str) -> Result<&Member, Refused> {
        let seen = self.seen().find(|(seen, _)| *seen == name).map(|(_, member)| member);
        seen.ok_or_else(|| Refused::Hidden { member: name.to_owned(), why: self.why_hidden(name) })
    }

    fn why_hidden(&self, name: &str) -> String {
        match self.members.get(name) {
            Some(Sight::Hidden { why, .. }) => why.clone(),
            _ => "it is no member".to_owned(),
        }
    }
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
