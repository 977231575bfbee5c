//! A provider of the small table, and a core that runs it.

use std::sync::{Arc, Mutex};

use catalogue::description::Version;
use catalogue::store::Defaults;
use tf_framework::server::ProviderServer;
use tf_framework::{ConfigureContext, Model, Provider, Registry, Result};
use tf_framework_testing::Core;

use super::server::Server;
use super::table::{OWNER, POOL, SETTINGS, TABLE, TAG};

/// A provider of the small table alone. A double.
pub(crate) struct Lab(Arc<Server>);

/// The configuration of the double.
#[derive(Clone, Model)]
pub(crate) struct LabConfig {
    /// Which of the servers that stand ready is used.
    pub(crate) server: u64,
}

static SERVERS: Mutex<Vec<Arc<Server>>> = Mutex::new(Vec::new());

impl Provider for Lab {
    type Config = LabConfig;
    const NAME: &'static str = "lab";
    const ADDRESS: &'static str = "registry.terraform.io/lab/lab";
    const VERSION: &'static str = "0.0.0";

    fn configure(_: &ConfigureContext, config: LabConfigPartial) -> Result<Self> {
        let index = usize::try_from(*config.server.known().unwrap()).unwrap();
        Ok(Self(SERVERS.lock().unwrap()[index].clone()))
    }

    fn register(registry: &mut Registry<Self>) {
        catalogue::register::<Self, Server>(registry, &TABLE, |lab| Ok(Some(lab.0.clone())));
    }
}

pub(crate) type LabCore = Core<ProviderServer<Lab>>;

pub(crate) async fn lab_with(version: Version, defaults: Defaults) -> (LabCore, Arc<Server>) {
    let server = Arc::new(Server::new(version, defaults));
    for slug in ["acme", "globex", "initech"] {
        server.insert(&OWNER, serde_json::json!({"name": slug.to_uppercase(), "slug": slug}));
    }
    for slug in ["red", "blue", "green"] {
        server.insert(&TAG, serde_json::json!({"name": slug, "slug": slug}));
    }
    server.insert(&POOL, serde_json::json!({"name": "Hall", "slug": "hall"}));
    server.insert(&SETTINGS, serde_json::json!({"comment": "of the house"}));
    let index = {
        let mut servers = SERVERS.lock().unwrap();
        servers.push(server.clone());
        servers.len() - 1
    };
    let core = Core::new(ProviderServer::<Lab>::new());
    core.configure(serde_json::json!({ "server": index })).await.unwrap();
    (core, server)
}

pub(crate) async fn lab() -> (LabCore, Arc<Server>) {
    lab_with(Version::new(4, 6), Defaults::default()).await
}
