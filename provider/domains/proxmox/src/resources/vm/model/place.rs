//! Where a guest goes, and who watches over it.

use tf_framework::{Choice, Model};

/// How one of the allowed nodes is chosen.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct Placement {
    /// What counts.
    #[attr(default = PlacementPolicy::Spread)]
    pub policy: PlacementPolicy,
    /// Guests of the same group are put on different nodes as long as there are enough. The group is kept as the tag
    /// `anti-affinity-…`.
    #[attr(validate(matches(
        r"^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$",
        "lower-case letters, digits and `-`, at most 32"
    )))]
    pub anti_affinity: Option<String>,
}

/// What counts when a node is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum PlacementPolicy {
    /// The node with the fewest guests.
    Spread,
    /// The node with the most free memory.
    MostFreeMemory,
    /// The first node by name that is online.
    First,
}

/// High availability of a guest.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct Ha {
    /// What the cluster keeps the guest at.
    #[attr(default = HaState::Started)]
    pub state: HaState,
    /// Group of nodes. Proxmox VE 9 has rules instead.
    pub group: Option<String>,
    /// Tries to start it on a node.
    #[attr(default = 1, validate(range(0..=100)))]
    pub max_restart: u32,
    /// Tries to move it to another node.
    #[attr(default = 1, validate(range(0..=100)))]
    pub max_relocate: u32,
}

/// What high availability keeps a guest at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum HaState {
    /// Running.
    Started,
    /// Stopped, but moved away from a node that fails.
    Stopped,
    /// Not touched at all.
    Ignored,
    /// Stopped, and not moved.
    Disabled,
}
