//! A small provider over an API in memory, with faults on demand. A double: for these tests only.

#![allow(unreachable_pub, clippy::unwrap_used, reason = "a double for tests")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tf_framework::{
    Action, ActionContext, Computed, ConfigureContext, Context, DataContext, DataSource, Diagnostic,
    Diagnostics, EphemeralContext, EphemeralResource, FunctionError, ImportId, ListContext, ListResource,
    Model, MoveSource, Opened, PlanContext, Provider, RawState, Registry, Resource, Result, WriteOnly,
    function,
};

/// What the API holds and what it has been asked.
#[derive(Debug, Default)]
pub struct World {
    pub disks: BTreeMap<String, Disk>,
    pub requests: Vec<String>,
    pub next: u32,
    pub fault: Option<Fault>,
}

/// What goes wrong next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The create fails before anything exists.
    BeforeCreate,
    /// The create fails when the object exists, which was kept by a checkpoint.
    AfterCreate,
    /// Deleting fails.
    Delete,
    /// The API answers another size than it was asked for.
    WrongSize,
    /// The API forgets to say where the volume is.
    LeavesGap,
    /// The plan breaks a rule.
    Plan,
    /// The second plan is not the first.
    Fickle,
    /// Every read answers something else.
    Drift,
}

pub type Shared = Arc<Mutex<World>>;

impl World {
    fn strikes(&mut self, fault: Fault) -> bool {
        if self.fault == Some(fault) {
            self.fault = None;
            return true;
        }
        false
    }
}

/// The provider's configuration.
#[derive(Debug, Clone, Model)]
pub struct Config {
    /// Where the API is.
    #[attr(validate(length(1..)))]
    pub endpoint: String,
}

/// The provider.
pub struct Demo(Shared);

thread_local! {
    /// The world that the next configured provider of this thread talks to.
    pub static WORLD: Shared = Shared::default();
}

fn client(demo: &Demo) -> Result<Option<Arc<Mutex<World>>>> {
    Ok(Some(demo.0.clone()))
}

impl Provider for Demo {
    type Config = Config;
    const NAME: &'static str = "demo";
    const ADDRESS: &'static str = "registry.terraform.io/test/demo";
    const VERSION: &'static str = "0.0.0";

    fn configure(_: &ConfigureContext, config: ConfigPartial) -> Result<Self> {
        if config.endpoint.known().is_some_and(|endpoint| endpoint == "nowhere") {
            return Err(Diagnostics::error("No such endpoint", "Nowhere is no place."));
        }
        Ok(Self(WORLD.with(Clone::clone)))
    }

    fn register(registry: &mut Registry<Self>) {
        registry.resource::<Disk>(client);
        registry.data_source::<Disks>(client);
        registry.ephemeral_resource::<Ticket>(client);
        registry.list_resource::<AllDisks>(client);
        registry.action::<Trim>(client);
        registry.function::<Join>();
        registry.function::<Shout>();
    }
}

/// A slot of a disk.
#[derive(Debug, Clone, Model)]
pub struct Slot {
    /// Size of the slot.
    #[attr(eq = size)]
    pub size: String,
    /// Volume behind the slot.
    #[attr(stable)]
    pub volume: Computed<String>,
}

/// A disk.
#[derive(Debug, Clone, Resource)]
#[resource(name = "disk", subcategory = "Test", version = 2, identity(id), upgrade(1 = DiskV1))]
pub struct Disk {
    /// Number of the disk.
    #[attr(stable)]
    pub id: Computed<String>,
    /// Name of the disk.
    #[attr(replace)]
    pub name: String,
    /// Size of the disk.
    #[attr(eq = size)]
    pub size: String,
    /// How often it was changed.
    pub generation: Computed<u32>,
    /// Kind of disk.
    #[attr(default = "ssd", validate(one_of("ssd", "hdd")))]
    pub kind: String,
    /// Secret of the disk.
    pub password: WriteOnly<String>,
    /// Change it to set the secret again.
    pub password_version: Option<u32>,
    /// Slots by name.
    pub slots: Option<BTreeMap<String, Slot>>,
}

/// A disk as version 1 stored it.
#[derive(Debug, Clone, Model)]
pub struct DiskV1 {
    /// Number of the disk.
    pub id: Computed<String>,
    /// Title of the disk.
    pub title: String,
}

impl TryFrom<DiskV1> for Disk {
    type Error = String;

    fn try_from(old: DiskV1) -> Result<Self, String> {
        if old.title.is_empty() {
            return Err("a disk without a title".to_owned());
        }
        Ok(Self {
            id: old.id,
            name: old.title,
            size: "1G".to_owned(),
            generation: Computed::Known(1),
            kind: "ssd".to_owned(),
            password: WriteOnly::default(),
            password_version: None,
            slots: None,
        })
    }
}

impl Disk {
    fn settle(&mut self, world: &mut World) {
        let gap = world.strikes(Fault::LeavesGap);
        for (name, slot) in self.slots.iter_mut().flatten() {
            if slot.volume.known().is_none() && !gap {
                slot.volume = Computed::Known(format!("volume-{name}"));
            }
            // The API has a spelling of its own.
            slot.size = slot.size.replace("1024M", "1G");
        }
        if world.strikes(Fault::WrongSize) {
            self.size = "9G".to_owned();
        }
    }
}

impl Resource for Disk {
    type Client = Mutex<World>;
    type Private = Vec<String>;

    async fn create(cx: &mut Context<Self>, mut plan: Self) -> Result<Self> {
        let client = cx.client()?;
        let mut world = client.lock().unwrap();
        world.requests.push(format!("create {} with {:?}", plan.name, plan.password.get()));
        if world.strikes(Fault::BeforeCreate) {
            return Err(Diagnostics::error("No room", "The array is full."));
        }
        world.next += 1;
        plan.id = Computed::Known(format!("disk-{}", world.next));
        plan.generation = Computed::Known(1);
        cx.private.push("created".to_owned());
        cx.checkpoint(&plan)?;
        let id = plan.id.known().cloned().unwrap();
        world.disks.insert(id.clone(), plan.clone());
        if world.strikes(Fault::AfterCreate) {
            return Err(Diagnostics::error("Power failure", "The disk exists but does not spin."));
        }
        plan.settle(&mut world);
        world.disks.insert(id, plan.clone());
        Ok(plan)
    }

    async fn read(cx: &mut Context<Self>, state: Self) -> Result<Option<Self>> {
        let client = cx.client()?;
        let mut world = client.lock().unwrap();
        let id = state.id.known().cloned().unwrap();
        world.requests.push(format!("read {id}"));
        let drift = world.fault == Some(Fault::Drift);
        let found = world.disks.get_mut(&id).map(|disk| {
            if drift {
                disk.size = if disk.size == "5G" { "6G" } else { "5G" }.to_owned();
            }
            disk.clone()
        });
        Ok(found)
    }

    async fn update(cx: &mut Context<Self>, prior: Self, mut plan: Self) -> Result<Self> {
        let client = cx.client()?;
        let mut world = client.lock().unwrap();
        world.requests.push(format!("update {} with {:?}", plan.name, plan.password.get()));
        plan.generation = Computed::Known(prior.generation.known().copied().unwrap_or_default() + 1);
        cx.private.push("updated".to_owned());
        plan.settle(&mut world);
        world.disks.insert(plan.id.known().cloned().unwrap(), plan.clone());
        Ok(plan)
    }

    async fn delete(cx: &mut Context<Self>, state: Self) -> Result<()> {
        let client = cx.client()?;
        let mut world = client.lock().unwrap();
        world.requests.push(format!("delete {}", state.name));
        if world.strikes(Fault::Delete) {
            return Err(Diagnostics::error("Disk is busy", "Somebody reads it."));
        }
        world.disks.remove(state.id.known().unwrap());
        Ok(())
    }

    async fn modify_plan(cx: &mut PlanContext<Self>) -> Result<()> {
        let Some(client) = cx.try_client() else { return Ok(()) };
        let mut world = client.lock().unwrap();
        if world.strikes(Fault::Plan) {
            cx.plan(&tf_value::Path::root().attribute("size"), &"7G".to_owned())?;
        }
        if world.fault == Some(Fault::Fickle) {
            world.next += 1;
            let next = world.next;
            cx.plan(&tf_value::Path::root().attribute("generation"), &next)?;
        }
        Ok(())
    }

    async fn import(cx: &mut Context<Self>, id: ImportId) -> Result<Self> {
        let id = match id {
            ImportId::Id(id) => id,
            ImportId::Identity(identity) => {
                identity.get("id").and_then(|id| id.as_str()).unwrap_or_default().to_owned()
            }
        };
        let client = cx.client()?;
        let world = client.lock().unwrap();
        world
            .disks
            .get(&id)
            .cloned()
            .ok_or_else(|| Diagnostics::error("No such disk", format!("{id} does not exist.")))
    }

    fn move_from(source: &MoveSource) -> Option<Result<Self>> {
        (source.type_name == "old_disk").then(|| {
            let old: DiskV1 = RawState::read(&source.state)?;
            Self::try_from(old).map_err(|problem| Diagnostics::error("Cannot move", problem))
        })
    }
}

/// All disks.
#[derive(Debug, Clone, Model)]
pub struct Disks {
    /// Begin of the names.
    pub prefix: Option<String>,
    /// The names.
    pub names: Computed<Vec<String>>,
}

impl DataSource for Disks {
    const NAME: &'static str = "disks";
    const SUBCATEGORY: &'static str = "Test";
    type Client = Mutex<World>;

    async fn read(cx: &mut DataContext<Self>, mut config: Self) -> Result<Self> {
        let client = cx.client()?;
        let world = client.lock().unwrap();
        let prefix = config.prefix.clone().unwrap_or_default();
        let names =
            world.disks.values().map(|disk| disk.name.clone()).filter(|name| name.starts_with(&prefix));
        config.names = Computed::Known(names.collect());
        Ok(config)
    }
}

/// A ticket.
#[derive(Debug, Clone, Model)]
pub struct Ticket {
    /// Who asks.
    pub user: String,
    /// The ticket.
    pub ticket: Computed<String>,
}

impl EphemeralResource for Ticket {
    const NAME: &'static str = "ticket";
    const SUBCATEGORY: &'static str = "Test";
    type Client = Mutex<World>;
    type Private = String;

    async fn open(cx: &mut EphemeralContext<Self>, mut config: Self) -> Result<Opened<Self, String>> {
        cx.client()?.lock().unwrap().requests.push("open".to_owned());
        let ticket = format!("ticket of {}", config.user);
        config.ticket = Computed::Known(ticket.clone());
        Ok(Opened { value: config, renew_at: None, private: ticket })
    }

    async fn close(cx: &mut EphemeralContext<Self>, private: String) -> Result<()> {
        cx.client()?.lock().unwrap().requests.push(format!("close {private}"));
        Ok(())
    }
}

/// Lists disks.
pub struct AllDisks;

/// Filters disks.
#[derive(Debug, Clone, Model)]
pub struct DiskFilter {
    /// Kind of disk.
    pub kind: Option<String>,
}

impl ListResource for AllDisks {
    type Item = Disk;
    type Config = DiskFilter;

    async fn list(cx: &mut ListContext<Self>, config: DiskFilter) -> Result<()> {
        let disks: Vec<Disk> = cx.client()?.lock().unwrap().disks.values().cloned().collect();
        if config.kind.as_deref() == Some("hdd") {
            cx.warn(Diagnostic::warning("Slow disks", "They spin."));
        }
        for disk in
            disks.into_iter().filter(|disk| config.kind.as_ref().is_none_or(|kind| *kind == disk.kind))
        {
            if !cx.found(disk.name.clone(), disk).await {
                break;
            }
        }
        Ok(())
    }
}

/// Trims a disk.
#[derive(Debug, Clone, Model)]
pub struct Trim {
    /// Name of the disk.
    pub name: String,
}

impl Action for Trim {
    const NAME: &'static str = "trim";
    const SUBCATEGORY: &'static str = "Test";
    type Client = Mutex<World>;

    async fn invoke(cx: &mut ActionContext<Self>, config: Self) -> Result<()> {
        cx.progress(format!("trimming {}", config.name));
        if config.name == "stuck" {
            return Err(Diagnostics::error("Stuck", "It does not trim."));
        }
        Ok(())
    }
}

/// Joins words.
///
/// With a separator.
#[function(name = "join")]
pub fn join(
    /// What stands between the words.
    separator: String,
    /// The words.
    #[variadic]
    words: Vec<String>,
) -> Result<String, FunctionError> {
    if words.is_empty() {
        return Err(FunctionError::argument(1, "There must be a word."));
    }
    Ok(words.join(&separator))
}

/// Shouts.
#[function(name = "shout")]
pub fn shout(
    /// What is shouted.
    text: String,
) -> Result<String, FunctionError> {
    if text.is_empty() {
        return Err(FunctionError::argument(0, "There must be a text."));
    }
    Ok(format!("{}!", text.to_uppercase()))
}
