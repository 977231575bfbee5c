//! Containers of a hypervisor, as a domain asks the hypervisor's domain for them.
//!
//! A domain says what it wants ([`ContainerSpec`]) and keeps what names the container ([`ContainerId`]); the
//! hypervisor's domain makes, changes, finds, stops and destroys it ([`Containers`]). Paths of diagnostics are those of
//! the parts of the specification; [`ContainerPaths`] turns them into the resource's own.

mod paths;
mod spec;

use std::collections::BTreeSet;
use std::fmt;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tf_framework::{Diagnostic, Result};
use transport_base::Budget;

pub use paths::ContainerPaths;
pub use spec::{
    ChangeMode, ContainerDns, ContainerFeatures, ContainerMount, ContainerNetwork, ContainerPlace,
    ContainerSpec, ContainerStartup, MountSource, PlacePolicy, RootDisk,
};

/// What names a container: kept by whoever asked for it, and shown again with every call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerId {
    /// Its number.
    pub vmid: u32,
    /// What the hypervisor's domain remembers beside the number: how it tells the container from another that took the
    /// number, and what it has under way. Null for a container that is only known by its number.
    #[serde(default)]
    pub memory: serde_json::Value,
}

/// A container as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct ContainerState {
    /// What names it.
    pub id: ContainerId,
    /// Its host name.
    pub name: String,
    /// The node it is on.
    pub node: String,
    /// Whether it runs.
    pub running: bool,
    /// What it is made of. Inputs that no server tells, as it was told last.
    pub is: ContainerSpec,
    /// Volumes of mount points by slot.
    pub volumes: std::collections::BTreeMap<String, String>,
    /// Volumes that are kept with it and are not mounted, by slot.
    pub detached: std::collections::BTreeMap<String, String>,
    /// Hardware address of its interface.
    pub mac_address: Option<String>,
    /// Whether changes wait for its next start.
    pub restart_required: bool,
}

/// What came of looking for a container.
#[derive(Clone, Debug)]
pub enum ContainerLook {
    /// Here it is.
    Here(Box<ContainerState>),
    /// It is proven gone; where its number belongs to another guest by now, this says so.
    Gone(Option<Diagnostic>),
    /// It cannot be seen now, which proves nothing: the state is to be kept, with this warning.
    Hidden(Diagnostic),
}

/// What a change of a container would do.
#[derive(Clone, Debug, Default)]
pub struct ContainerForecast {
    /// The node a new container would go to.
    pub node: Option<String>,
    /// Parts of the specification for which the container would be built anew; empty when it would not.
    pub rebuilds: Vec<String>,
    /// Whether it would be stopped or restarted.
    pub restarts: bool,
    /// What is to be said of it.
    pub warnings: Vec<Diagnostic>,
}

/// Proof that a container does not run, read back after it was stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StopProof {
    /// The container.
    pub vmid: u32,
    /// The node that answered for it; `None` for a container that is proven gone.
    pub node: Option<String>,
    /// Whether it ran before.
    pub ran: bool,
    /// When the answer came.
    pub at: SystemTime,
}

/// What a destruction may take along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The container goes. Refused where volumes of mount points, or detached ones, would go with it.
    KeepVolumes,
    /// The container goes with every volume it owns.
    DestroyVolumes,
}

/// Keeps track of a container while it is worked on.
pub trait ContainerKeeper: Send + Sync {
    /// Keeps track of the container whatever happens from here on. Called the moment its number is claimed, and
    /// whenever what is remembered changes.
    ///
    /// # Errors
    /// It cannot be kept.
    fn keep(&mut self, id: &ContainerId, node: &str) -> Result<()>;

    /// Nothing was left behind of what was kept.
    fn forget(&mut self);

    /// Tells the user something without failing.
    fn warn(&self, warning: Diagnostic);
}

/// The containers of a hypervisor.
#[async_trait]
pub trait Containers: fmt::Debug + Send + Sync {
    /// Checks at plan what can be checked: node, template, storages with their room, bridges, privileges, the number,
    /// and what is reserved to other accounts. With `id` the container exists, and is compared.
    ///
    /// # Errors
    /// The plan cannot work; every reason, at the path of its part.
    async fn preflight(
        &self,
        wish: &ContainerSpec,
        id: Option<&ContainerId>,
        budget: &Budget,
    ) -> Result<ContainerForecast>;

    /// The cost tags that a container with these tags of its own is to carry beside them; `None` while they are not
    /// known.
    fn cost_tags(&self, own: &BTreeSet<String>) -> Option<BTreeSet<String>>;

    /// Brings a container to its specification: makes it, goes on with what a run that was killed began, changes it
    /// in place, or builds it anew and hands its volumes over.
    ///
    /// # Errors
    /// What failed, and what to do next.
    async fn converge(
        &self,
        wish: &ContainerSpec,
        id: Option<&ContainerId>,
        keeper: &mut dyn ContainerKeeper,
        budget: &Budget,
    ) -> Result<ContainerState>;

    /// Looks at a container without waiting for it. Gone is only what is proven gone.
    ///
    /// # Errors
    /// Nothing could be learnt.
    async fn look(&self, name: &str, id: &ContainerId, budget: &Budget) -> Result<ContainerLook>;

    /// Looks up a container by its number alone, to adopt it.
    ///
    /// # Errors
    /// There is none, or it cannot be seen.
    async fn adopt(&self, vmid: u32, budget: &Budget) -> Result<ContainerState>;

    /// Starts a container that does not run.
    ///
    /// # Errors
    /// It does not run now.
    async fn start(&self, name: &str, id: &ContainerId, budget: &Budget) -> Result<()>;

    /// The fence: stops a container and reads its state back. With `grace` it is asked to shut down and gets this long;
    /// without, it is switched off at once.
    ///
    /// # Errors
    /// That it does not run is not proven. Nothing may be built on it then.
    async fn stop_and_prove(
        &self,
        name: &str,
        id: &ContainerId,
        grace: Option<Duration>,
        budget: &Budget,
    ) -> Result<StopProof>;

    /// Destroys a container and proves that it is gone. One that is gone is no error, and a stranger with its number is
    /// left alone with a warning.
    ///
    /// # Errors
    /// It is still there, or would take volumes along that it may not.
    async fn destroy(
        &self,
        name: &str,
        id: &ContainerId,
        fate: Fate,
        keeper: &mut dyn ContainerKeeper,
        budget: &Budget,
    ) -> Result<()>;

    /// The address by which a node of the cluster is reached, where the account may know it.
    ///
    /// # Errors
    /// The cluster could not be asked.
    async fn node_address(&self, node: &str, budget: &Budget) -> Result<Option<String>>;
}

impl ContainerId {
    /// A container that is only known by its number.
    #[must_use]
    pub fn of(vmid: u32) -> Self {
        Self { vmid, memory: serde_json::Value::Null }
    }
}
