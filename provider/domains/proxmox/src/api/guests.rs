//! Guests: creation, configuration, disks, power, removal.

use serde::Deserialize;
use serde_json::Value;

use transport_rest::{Budget, Form, Path, Request};

use super::Vmid;
use super::client::Client;
use super::codec::{DiskSize, lenient};
use super::error::ApiError;
use super::guest_config::{ConfigView, GuestConfig, Pending};
use super::inventory::{Guest, GuestKind};
use super::upid::Upid;

/// Where a guest is. A guest on another node answers like a missing one: look it up in the inventory first.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct GuestRef {
    /// The node.
    pub node: String,
    /// Virtual machine or container.
    pub kind: GuestKind,
    /// Its number.
    pub vmid: Vmid,
}

impl GuestRef {
    /// A virtual machine.
    pub fn qemu(node: impl Into<String>, vmid: Vmid) -> Self {
        Self { node: node.into(), kind: GuestKind::Qemu, vmid }
    }

    /// A container.
    pub fn lxc(node: impl Into<String>, vmid: Vmid) -> Self {
        Self { node: node.into(), kind: GuestKind::Lxc, vmid }
    }

    pub(crate) fn path(&self, tail: &[&str]) -> Path {
        let vmid = self.vmid.to_string();
        tail.iter()
            .fold(Path::from(["nodes", &self.node, self.kind.as_str(), &vmid]), |path, part| path.join(part))
    }
}

impl From<&Guest> for GuestRef {
    fn from(guest: &Guest) -> Self {
        Self { node: guest.node.clone(), kind: guest.kind, vmid: guest.vmid }
    }
}

impl std::fmt::Display for GuestRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{} on {}", self.kind, self.vmid, self.node)
    }
}

/// A guest as it is at this moment.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct GuestStatus {
    /// `running` or `stopped`.
    #[serde(default, deserialize_with = "lenient::text")]
    pub status: String,
    /// What QEMU says: also `paused`, `prelaunch`, `io-error`.
    #[serde(default, deserialize_with = "lenient::opt_text")]
    pub qmpstatus: Option<String>,
    /// Its name.
    #[serde(default, deserialize_with = "lenient::text")]
    pub name: String,
    /// `backup`, `migrate` and so on.
    #[serde(default, deserialize_with = "lenient::opt_text")]
    pub lock: Option<String>,
    /// Seconds since start.
    #[serde(default, deserialize_with = "lenient::u64")]
    pub uptime: u64,
    /// Whether the guest agent is enabled in the configuration.
    #[serde(default, deserialize_with = "lenient::flag")]
    pub agent: bool,
    /// High availability's view, where it manages the guest.
    #[serde(default)]
    pub ha: Option<Value>,
}

impl GuestStatus {
    /// Whether it runs.
    pub fn is_running(&self) -> bool {
        self.status == "running"
    }

    /// Whether high availability manages it: starting and stopping then only change the wanted state.
    pub fn is_ha_managed(&self) -> bool {
        self.ha.as_ref().and_then(|ha| lenient::truth(ha.get("managed")?)).unwrap_or_default()
    }
}

/// What to do with a guest's power.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PowerAction {
    /// Start.
    Start,
    /// Off at once.
    Stop,
    /// Asked to shut down.
    Shutdown,
    /// Asked to shut down, then started.
    Reboot,
    /// Reset at once; virtual machines only.
    Reset,
    /// Pause.
    Suspend,
    /// Go on.
    Resume,
}

impl PowerAction {
    fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Shutdown => "shutdown",
            Self::Reboot => "reboot",
            Self::Reset => "reset",
            Self::Suspend => "suspend",
            Self::Resume => "resume",
        }
    }
}

/// How a guest is removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Destroy {
    /// Also from backup jobs, replication and high availability; without it the server refuses while they name it.
    pub purge: bool,
    /// Also disks that carry its number but stand in no configuration.
    pub unreferenced_disks: bool,
}

/// How a guest is cloned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CloneGuest {
    /// The clone's number.
    pub newid: Vmid,
    /// Its name.
    pub name: Option<String>,
    /// The node it is made on; needs shared storage.
    pub target: Option<String>,
    /// Whole, or linked to the source's disks; `None` is linked for templates and whole for others.
    pub full: Option<bool>,
    /// The storage for whole clones.
    pub storage: Option<String>,
    /// The format for whole clones.
    pub format: Option<String>,
    /// Its pool.
    pub pool: Option<String>,
    /// Its description.
    pub description: Option<String>,
    /// A snapshot to clone.
    pub snapname: Option<String>,
}

impl CloneGuest {
    fn form(&self, kind: GuestKind) -> Form {
        let name = match kind {
            GuestKind::Qemu => "name",
            GuestKind::Lxc => "hostname",
        };
        Form::new()
            .number("newid", self.newid)
            .maybe(name, self.name.as_deref())
            .maybe("target", self.target.as_deref())
            .maybe_flag("full", self.full)
            .maybe("storage", self.storage.as_deref())
            .maybe("format", self.format.as_deref())
            .maybe("pool", self.pool.as_deref())
            .maybe("description", self.description.as_deref())
            .maybe("snapname", self.snapname.as_deref())
    }
}

impl Client {
    /// Creates a guest with the given settings. The call itself claims the number: if it is taken, this fails
    /// with [`super::Kind::AlreadyExists`], here or at the end of the task.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn create_guest(
        &self,
        guest: &GuestRef,
        settings: Form,
        budget: &Budget,
    ) -> Result<Upid, ApiError> {
        let form = Form::new().number("vmid", guest.vmid).and(settings);
        let path = Path::from(["nodes", &guest.node, guest.kind.as_str()]);
        self.write(Request::post(path).form(form), budget).await
    }

    /// A guest's configuration.
    ///
    /// # Errors
    /// [`ApiError`]; [`super::Kind::Missing`] also for a guest on another node.
    pub async fn guest_config(
        &self,
        guest: &GuestRef,
        view: ConfigView,
        budget: &Budget,
    ) -> Result<GuestConfig, ApiError> {
        let query = match view {
            ConfigView::Pending => Form::new(),
            ConfigView::Current => Form::new().flag("current", true),
        };
        self.read_with(guest.path(&["config"]), query, budget).await
    }

    /// A guest's configuration in both views.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn guest_pending(&self, guest: &GuestRef, budget: &Budget) -> Result<Pending, ApiError> {
        self.read(guest.path(&["pending"]), budget).await
    }

    /// Changes a guest's configuration: `settings` are set, `delete` removed. With `digest` the server refuses
    /// ([`super::Kind::Modified`]) when someone else changed it meanwhile.
    ///
    /// For virtual machines this starts a task; for containers the server does it at once and there is none.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn set_guest_config(
        &self,
        guest: &GuestRef,
        settings: Form,
        delete: &[&str],
        digest: Option<&str>,
        budget: &Budget,
    ) -> Result<Option<Upid>, ApiError> {
        let form = settings.list("delete", delete).maybe("digest", digest);
        let path = guest.path(&["config"]);
        // For virtual machines PUT is synchronous and may exceed the proxy's time.
        let request = match guest.kind {
            GuestKind::Qemu => Request::post(path),
            GuestKind::Lxc => Request::put(path),
        };
        self.write(request.form(form), budget).await
    }

    /// Removes a guest. It must not run.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn destroy_guest(
        &self,
        guest: &GuestRef,
        how: Destroy,
        budget: &Budget,
    ) -> Result<Upid, ApiError> {
        let mut query = Form::new();
        if how.purge {
            query = query.flag("purge", true);
        }
        if how.unreferenced_disks {
            query = query.flag("destroy-unreferenced-disks", true);
        }
        self.write(Request::delete(guest.path(&[])).queries(query), budget).await
    }

    /// Makes a guest a template; `None` when the server did so at once (containers).
    ///
    /// # Errors
    /// [`ApiError`]; [`super::Kind::IsTemplate`] when it is one.
    pub async fn convert_to_template(
        &self,
        guest: &GuestRef,
        budget: &Budget,
    ) -> Result<Option<Upid>, ApiError> {
        self.write(Request::post(guest.path(&["template"])), budget).await
    }

    /// Clones a guest. Locks are taken inside the task: run it through [`Client::run`].
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn clone_guest(
        &self,
        source: &GuestRef,
        clone: &CloneGuest,
        budget: &Budget,
    ) -> Result<Upid, ApiError> {
        let request = Request::post(source.path(&["clone"])).form(clone.form(source.kind));
        self.write(request, budget).await
    }

    /// Sets a disk's size. The size is absolute, so that repeating the call grows the disk once; a smaller
    /// size fails, for virtual machines only at the end of the task.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn resize_disk(
        &self,
        guest: &GuestRef,
        disk: &str,
        size: DiskSize,
        digest: Option<&str>,
        budget: &Budget,
    ) -> Result<Option<Upid>, ApiError> {
        let form = Form::new().text("disk", disk).number("size", size).maybe("digest", digest);
        self.write(Request::put(guest.path(&["resize"])).form(form), budget).await
    }

    /// Moves a virtual machine's disk to another storage, or converts it. The old volume is deleted at the end.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn move_disk(
        &self,
        guest: &GuestRef,
        disk: &str,
        storage: &str,
        format: Option<&str>,
        digest: Option<&str>,
        budget: &Budget,
    ) -> Result<Upid, ApiError> {
        let form = Form::new()
            .text("disk", disk)
            .text("storage", storage)
            .maybe("format", format)
            .flag("delete", true)
            .maybe("digest", digest);
        self.write(Request::post(guest.path(&["move_disk"])).form(form), budget).await
    }

    /// Whether a guest's agent answers.
    ///
    /// # Errors
    /// [`ApiError`]; [`super::Kind::AgentDown`] when it does not.
    pub async fn agent_ping(&self, guest: &GuestRef, budget: &Budget) -> Result<(), ApiError> {
        let request = Request::post(guest.path(&["agent", "ping"])).idempotent();
        self.write::<Option<Value>>(request, budget).await.map(drop)
    }

    /// A guest's state at this moment. For a running virtual machine the node asks QEMU, which may be slow.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn guest_status(&self, guest: &GuestRef, budget: &Budget) -> Result<GuestStatus, ApiError> {
        self.read(guest.path(&["status", "current"]), budget).await
    }

    /// Changes a guest's power state; `options` such as `timeout` or `forceStop` go along.
    ///
    /// # Errors
    /// [`ApiError`]; a start refused because the guest is locked or missing shows at the end of the task.
    pub async fn power(
        &self,
        guest: &GuestRef,
        action: PowerAction,
        options: Form,
        budget: &Budget,
    ) -> Result<Upid, ApiError> {
        let request = Request::post(guest.path(&["status", action.as_str()]));
        self.write(request.form(options), budget).await
    }

    /// Rebuilds a virtual machine's cloud-init drive; editing its keys does not.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn regenerate_cloudinit(&self, guest: &GuestRef, budget: &Budget) -> Result<(), ApiError> {
        let request = Request::put(guest.path(&["cloudinit"])).idempotent();
        self.write::<Option<Value>>(request, budget).await.map(drop)
    }
}
