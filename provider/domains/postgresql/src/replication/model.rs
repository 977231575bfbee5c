//! What the resources of replication look like in configuration and state.

use std::collections::BTreeMap;

use hosts::Connection;
use tf_framework::{Choice, GoDuration, Model, WriteOnly};

/// A member of the cluster.
#[derive(Debug, Clone, Model)]
pub struct Member {
    /// How its machine is reached.
    pub machine: Connection,
    /// Name or address at which the other members reach it. That of `machine` unless set.
    pub address: Option<String>,
    /// Its container, by which it is stopped when it cannot be reached otherwise.
    pub container: Option<MemberContainer>,
}

/// The container of a member.
#[derive(Debug, Clone, Model)]
pub struct MemberContainer {
    /// Its number on the cluster of the provider's `proxmox` section.
    #[attr(validate(range(100..=999_999_999)))]
    pub vmid: u32,
    /// Its host name, by which it is told from another that took the number. The member's name unless set.
    pub name: Option<String>,
}

/// How members log in on one another.
#[derive(Debug, Clone, Model)]
pub struct Login {
    /// Role with `LOGIN` and `REPLICATION`: declare it in `postgresql.roles` of the members, and let it in by an access
    /// rule for the database `replication` and, for rewinding, `postgres`.
    #[attr(
        default = "replicator",
        validate(matches(r"^[a-z_][a-z0-9_]{0,62}$", "a role name in lower case"))
    )]
    pub user: String,
    /// Its password. Never stored.
    pub password: WriteOnly<String>,
    /// Version of the password: raise it to send a new one.
    #[attr(default = 1)]
    pub password_version: i64,
}

/// A lease of the epoch, which the primary renews in the store. One that cannot renew it stops by itself before the lease
/// ends, so that another may then be made primary although nobody could stop the first.
#[derive(Debug, Clone, Model)]
pub struct Lease {
    /// How long a lease lasts. It is renewed six times in that; a primary that could not stops when a third of it is
    /// left. 60 seconds unless set, 12 at least.
    pub duration: Option<GoDuration>,
}

/// When a commit waits for a standby.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum Synchronous {
    /// Never: what was not yet streamed is lost with the primary.
    Off,
    /// While a standby streamed at the last apply.
    On,
    /// Always: without a standby nothing is committed.
    Strict,
}

/// What came of it.
#[derive(Debug, Clone, Model)]
pub struct PrimaryStatus {
    /// Who holds the epoch.
    #[attr(computed)]
    pub holder: String,
    /// The timeline it writes to.
    #[attr(computed)]
    pub timeline: u32,
    /// Where the timeline left the one before; null where it never moved.
    #[attr(computed)]
    pub fork_lsn: Option<String>,
    /// How the primary before was known to be gone: `shut down`, `machine`, `container`, `lease` or `accepted`.
    #[attr(computed)]
    pub fenced_by: Option<String>,
    /// Bytes of WAL of the old primary that the new one did not get, as known before the move: read on the old one's disk
    /// where its machine answered, else by what its lease told last. Null where nobody could know.
    #[attr(computed)]
    pub estimated_loss_bytes: Option<u64>,
    /// Bytes of WAL that the stream had not sent and that were carried from the old primary's disk to the new one before it
    /// was promoted: not lost. Null where the old one could not be read, or nothing was missing.
    #[attr(computed)]
    pub handed_over_bytes: Option<u64>,
    /// What the members hold that the primary does not have, counted: it is lost when they are turned back.
    #[attr(computed)]
    pub lost: BTreeMap<String, Lost>,
    /// What each member is: `primary`, `standby`, `down`, `diverged`, `empty` or `unreachable`.
    #[attr(computed)]
    pub roles: BTreeMap<String, String>,
    /// Waits for a synchronous standby that were called off on the primary: those commits were acknowledged, and may be on
    /// the primary only.
    #[attr(computed)]
    pub cancelled_waits: u64,
    /// How long each step of the last move took, in milliseconds.
    #[attr(computed)]
    pub took_milliseconds: BTreeMap<String, i64>,
}

/// What is on a member only.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct Lost {
    /// Transactions that were committed after the histories parted.
    #[attr(computed)]
    pub commits: u64,
    /// When the first of them was.
    #[attr(computed)]
    pub first: Option<String>,
    /// When the last of them was.
    #[attr(computed)]
    pub last: Option<String>,
    /// Where its WAL and the list of them are kept in the store.
    #[attr(computed)]
    pub kept: String,
    /// Whether it was accepted, and the member turned back.
    #[attr(computed)]
    pub accepted: bool,
}

/// What an instance follows that is made as a standby.
#[derive(Debug, Clone, Model)]
pub struct Standby {
    /// Name or address of the primary.
    pub host: String,
    /// Its port.
    #[attr(default = 5432, validate(range(1..=65535)))]
    pub port: u16,
    /// How it logs in there.
    pub login: Login,
}

/// Name of a member's slot on the others.
pub(crate) fn slot_of(member: &str) -> String {
    member.replace('-', "_")
}
