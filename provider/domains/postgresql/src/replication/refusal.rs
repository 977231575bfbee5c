//! What must not be done with a primary, why, and what to do instead.

use crate::errors::Refusal;
use tf_framework::Path;

/// What must not be done. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    /// The primary is none of the members.
    #[error("{member} is not among `members`")]
    NoMember {
        /// The member.
        member: String,
    },
    /// Data of another system.
    #[error(
        "the data of {member} are of the system {id}, but {whose} is of the system {expected}. They have never been one \
         cluster: correct the address, or remove the member's data by hand if they are not needed"
    )]
    OtherSystem {
        /// The member.
        member: String,
        /// Its system identifier.
        id: u64,
        /// Whose is the other one.
        whose: String,
        /// The other one.
        expected: u64,
    },
    /// The epoch does not grow by one.
    #[error(
        "the store says that epoch {held} is held by {holder}, and the configuration says epoch {wished}. To move the \
         primary set `epoch = {}`, to leave it where it is `epoch = {held}`",
        held.saturating_add(1)
    )]
    EpochNumber {
        /// The epoch that is held.
        held: u64,
        /// By whom.
        holder: String,
        /// The one that is wished.
        wished: u64,
    },
    /// There is no epoch yet.
    #[error("there is no epoch in the store yet: begin with `epoch = 1`, not {wished}")]
    FirstEpoch {
        /// The one that is wished.
        wished: u64,
    },
    /// Someone else holds the epoch.
    #[error(
        "epoch {epoch} is held by {holder}. To make {wished} the primary set `epoch = {}`",
        epoch.saturating_add(1)
    )]
    Held {
        /// The epoch.
        epoch: u64,
        /// Who holds it.
        holder: String,
        /// Who is wished.
        wished: String,
    },
    /// The epoch grows although the primary does not move.
    #[error("epoch {epoch} is held by {holder} already, who is to be the primary: leave `epoch = {epoch}`")]
    SameHolder {
        /// Who holds it.
        holder: String,
        /// The epoch.
        epoch: u64,
    },
    /// It cannot be reached.
    #[error("{member} cannot be reached: {why}")]
    Hidden {
        /// The member.
        member: String,
        /// Why.
        why: String,
    },
    /// The primary cannot be reached.
    #[error(
        "{holder}, who holds epoch {epoch}, cannot be reached: {why}. If it is lost, make another member the primary with \
         `epoch = {}`",
        epoch.saturating_add(1)
    )]
    HolderHidden {
        /// Who holds it.
        holder: String,
        /// The epoch.
        epoch: u64,
        /// Why it cannot be reached.
        why: String,
    },
    /// The primary has no data.
    #[error(
        "{holder}, who holds epoch {epoch}, has no data. Restore it from a backup, or make another member the primary with \
         `epoch = {}`",
        epoch.saturating_add(1)
    )]
    HolderEmpty {
        /// Who holds it.
        holder: String,
        /// The epoch.
        epoch: u64,
    },
    /// Not a primary that runs.
    #[error("{member} does not run as a primary: the first epoch is that of a primary that runs")]
    NotPrimary {
        /// The member.
        member: String,
    },
    /// Two take writes.
    #[error(
        "{one} and {other} both take writes. Nothing is decided by itself: stop the one that is to follow, and apply again"
    )]
    TwoPrimaries {
        /// One of them.
        one: String,
        /// The other.
        other: String,
    },
    /// No standby.
    #[error(
        "{member} is no standby: it has no data, or was never one. Let it follow the primary first (same `epoch`)"
    )]
    NotStandby {
        /// The member.
        member: String,
    },
    /// An older timeline.
    #[error(
        "{member} is on timeline {timeline}, and the epoch on {held}: it would lose all that was written since. Let it \
         follow the primary first (same `epoch`)"
    )]
    OlderTimeline {
        /// The member.
        member: String,
        /// Its timeline.
        timeline: u32,
        /// That of the epoch.
        held: u32,
    },
    /// The primary answers, and the standby is not ready to take over without a loss.
    #[error(
        "{old} answers as a primary, and {new} cannot take over without a loss: {why}. Repair that, or stop {old} first if \
         it must go"
    )]
    NotReady {
        /// The primary.
        old: String,
        /// The standby.
        new: String,
        /// Why.
        why: String,
    },
    /// Nobody knows that the primary is gone.
    #[error(
        "{old} cannot be reached ({why}), and it is not proven that its server does not run: two primaries would take \
         writes. Name its `container` so that it can be stopped, or stop it by hand and set `accept_unfenced_promotion = \
         \"{epoch}\"`, which is kept in the epoch"
    )]
    NotFenced {
        /// The primary.
        old: String,
        /// Why it cannot be reached.
        why: String,
        /// The epoch it would be accepted for.
        epoch: u64,
    },
    /// It renews its lease: it is alive.
    #[error(
        "{old} cannot be reached from here, but renewed its lease {seconds} s ago: it is alive and may take writes. Repair \
         the way to it and apply again, which hands over in order; or stop it"
    )]
    Alive {
        /// The primary.
        old: String,
        /// Seconds since it renewed.
        seconds: i64,
    },
    /// More would be lost than may be.
    #[error("{}", loss(*.bytes, *.max_bytes, *.milliseconds, *.max_milliseconds))]
    Loss {
        /// Bytes of WAL that are known to be missing.
        bytes: u64,
        /// How many may be.
        max_bytes: Option<u64>,
        /// Milliseconds of work that may be missing.
        milliseconds: i64,
        /// How many may be.
        max_milliseconds: Option<i64>,
    },
    /// Nobody knows what would be lost.
    #[error(
        "nobody can tell what of {old} would be lost: it cannot be reached, and no lease says how far it was \
         (`max_loss_bytes` and `max_loss_seconds` cannot be kept). Bring its machine back, whose disk tells it, or take the \
         limits away to accept whatever it is"
    )]
    LossUnknown {
        /// The primary.
        old: String,
    },
    /// No packages.
    #[error(
        "PostgreSQL is not installed on {member}: make it with `hybridops_postgresql_host` or `_lxc` first"
    )]
    NotInstalled {
        /// The member.
        member: String,
    },
    /// Something that is no data of PostgreSQL.
    #[error("the data directory of {member} holds something that is no cluster: move it away by hand")]
    ForeignData {
        /// The member.
        member: String,
    },
    /// The limit of slots falls below what they keep.
    #[error(
        "`max_slot_wal_keep_size` would be {limit} MiB, but the slot {slot} keeps {lag} MiB for a standby that is behind: it \
         would lose its place and have to be copied anew. Wait until it has caught up, or leave the limit"
    )]
    SlotLimit {
        /// The slot.
        slot: String,
        /// What it keeps, in MiB.
        lag: u64,
        /// The limit, in MiB.
        limit: i64,
    },
}

fn loss(bytes: u64, max_bytes: Option<u64>, milliseconds: i64, max_milliseconds: Option<i64>) -> String {
    let limit = |limit: Option<String>| limit.unwrap_or_else(|| "not limited".to_owned());
    format!(
        "the primary was {bytes} bytes of WAL further when it was heard of last (`max_loss_bytes` is {}), and the last \
         commit that is here is {} ms older (`max_loss_seconds` is {}). Raise the limit to accept it, or bring the primary \
         back",
        limit(max_bytes.map(|max| max.to_string())),
        milliseconds,
        limit(max_milliseconds.map(|max| format!("{} s", max / 1000))),
    )
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        let path = match &refused {
            Refused::NoMember { .. } | Refused::NotStandby { .. } | Refused::Held { .. } => "primary",
            Refused::EpochNumber { .. } | Refused::FirstEpoch { .. } | Refused::SameHolder { .. } => "epoch",
            Refused::Loss { .. } | Refused::LossUnknown { .. } => "max_loss_bytes",
            Refused::SlotLimit { .. } => "max_slot_wal_keep_size",
            _ => "members",
        };
        Self::new("The primary is left where it is", format!("{refused}.")).at(Path::root().attribute(path))
    }
}
