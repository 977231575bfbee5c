//! How changes are carried out.

use tf_framework::{Choice, GoDuration, Model};

/// Whether a guest runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum Power {
    /// It runs.
    Running,
    /// It does not.
    Stopped,
}

/// What may happen to a running guest whose change needs a restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum ApplyMode {
    /// Nothing: a plan that would need a restart is refused.
    Hotplug,
    /// It is restarted, once, after all changes.
    Reboot,
    /// It goes on running; such changes wait for its next start. See `reboot_required`.
    Stage,
}

/// What destroying the resource does to the guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choice)]
pub enum VmOnDestroy {
    /// The guest is deleted with its disks.
    Delete,
    /// The guest stays; Terraform forgets it.
    Keep,
}

/// What to wait for when a guest is made and started.
#[derive(Debug, Clone, PartialEq, Eq, Model)]
pub struct WaitFor {
    /// Whether to wait until the agent tells an address that is reachable from outside.
    #[attr(default = false)]
    pub addresses: bool,
    /// Whether to wait until the agent answers.
    #[attr(default = false)]
    pub agent: bool,
    /// How long to wait. Ten minutes unless set.
    pub timeout: Option<GoDuration>,
}
