//! Images in core's own process: what Terraform of this machine cannot ask for yet, and what is known late.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::sync::Arc;

use domain_proxmox::{ProviderConfig, Proxmox};
use hybridops_lab::{Lab, LabConfig};
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};
use tf_framework::server::ProviderServer;
use tf_framework::{ConfigureContext, Diagnostics, Field, Model, Provider, Registry, Result};
use tf_framework_testing::{Core, CoreError, PlannedAction, UNKNOWN};

const IMAGE: &str = "hybridops_proxmox_image";

/// A provider of this domain only. A double of the real one, which is a program.
struct Alone(Arc<Proxmox>);

/// The configuration of the double.
#[derive(Clone, Model)]
struct AloneConfig {
    /// The cluster.
    proxmox: Option<ProviderConfig>,
}

impl Provider for Alone {
    type Config = AloneConfig;
    const NAME: &'static str = "hybridops";
    const ADDRESS: &'static str = "registry.terraform.io/hybridops-studio/hybridops";
    const VERSION: &'static str = "0.0.0";

    fn configure(_: &ConfigureContext, config: AloneConfigPartial) -> Result<Self> {
        let Field::Known(_) = &config.proxmox else {
            return Err(Diagnostics::error("No cluster", "The test configures one."));
        };
        let client = ProviderConfig::client(&config.proxmox, Some(Default::default()), &|_| None)?;
        Ok(Self(client.unwrap()))
    }

    fn register(registry: &mut Registry<Self>) {
        domain_proxmox::register(registry, |alone| Ok(Some(Arc::clone(&alone.0))));
    }
}

type AloneCore = Core<ProviderServer<Alone>>;

async fn scene(nodes: &[&str]) -> (Lab, AloneCore) {
    let nodes = nodes.iter().map(|node| (*node).to_owned()).collect();
    let lab = Lab::start(LabConfig { nodes, ..LabConfig::default() }).await.unwrap();
    let core = Core::new(ProviderServer::<Alone>::new());
    let proxmox = json!({
        "endpoints": lab.endpoints(), "api_token": lab.api_token(), "ca_certificate": lab.ca_certificate(),
    });
    core.configure(json!({ "proxmox": proxmox })).await.unwrap();
    (lab, core)
}

fn iso(text: &str) -> Vec<u8> {
    let mut bytes = vec![0_u8; 40_000];
    bytes[32_768..32_768 + text.len()].copy_from_slice(text.as_bytes());
    bytes
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn publish(lab: &Lab, name: &str, text: &str) -> (String, String) {
    let bytes = iso(text);
    lab.put_artefact(name, &bytes).unwrap();
    (lab.artefact_url(name), format!("sha256:{}", sha256(&bytes)))
}

fn config(changes: &[(&str, Json)]) -> Json {
    let mut config = json!({ "nodes": ["pve1"], "storage": "local", "content": "iso" });
    for (name, value) in changes {
        config[*name] = value.clone();
    }
    config
}

fn files(lab: &Lab, place: &str) -> Vec<String> {
    let state = lab.state();
    let volumes = state["volumes"][place].as_array().cloned().unwrap_or_default();
    volumes.iter().filter_map(|volume| volume.as_str().map(str::to_owned)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_known_late_is_made_all_the_same() {
    let (lab, core) = scene(&["pve1", "pve2"]).await;
    let (url, sum) = publish(&lab, "tiny.iso", "one");
    let late = |name: &str, value: Json| {
        let whole = config(&[("url", json!(url)), ("checksum", json!(sum))]);
        let mut planned = whole.clone();
        planned[name] = json!(UNKNOWN);
        let mut known = whole;
        known[name] = value;
        (planned, known)
    };
    for (index, (name, value)) in
        [("url", json!(url)), ("checksum", json!(sum)), ("nodes", json!(["pve2"]))].into_iter().enumerate()
    {
        let (planned, known) = late(name, value);
        let image = core.resource(IMAGE, planned).named(format!("late_{index}"));
        let plan = image.plan().await.unwrap().expect(PlannedAction::Create).unwrap();
        let state = image.apply_plan(plan, known).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(state.get("image_checksum"), Some(&sum.as_str().into()), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_checksum_that_changes_nothing_changes_nothing() {
    let (lab, core) = scene(&["pve1"]).await;
    let (url, sum) = publish(&lab, "tiny.iso", "one");
    let known = config(&[("url", json!(url)), ("checksum", json!(sum))]);
    let image = core.resource(IMAGE, known.clone());
    let before = image.apply().await.unwrap();
    let late = image.with(config(&[("url", json!(url)), ("checksum", json!(UNKNOWN))]));
    let plan = late.plan().await.unwrap().expect(PlannedAction::Update).unwrap();
    lab.journal().clear();
    let after = late.apply_plan(plan, known).await.unwrap();
    assert_eq!(before.get("volume_id"), after.get("volume_id"));
    let writes: Vec<_> = lab.journal().all().into_iter().filter(|entry| entry.method != "GET").collect();
    assert!(writes.is_empty(), "{writes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_checksum_under_a_fixed_name_replaces() {
    let (lab, core) = scene(&["pve1"]).await;
    let (url, sum) = publish(&lab, "tiny.iso", "one");
    let fixed = |checksum: &str, url: &str| {
        config(&[("url", json!(url)), ("checksum", json!(checksum)), ("file_name", json!("boot.iso"))])
    };
    let image = core.resource(IMAGE, fixed(&sum, &url));
    image.apply().await.unwrap();
    let (url, sum) = publish(&lab, "tiny2.iso", "two");
    let late = image.with(fixed(UNKNOWN, &url));
    let plan = late.plan().await.unwrap().expect(PlannedAction::Replace).unwrap();
    late.apply_plan(plan, fixed(&sum, &url)).await.unwrap();
    let path = lab.volume_path("pve1", "local:iso/boot.iso").unwrap();
    assert_eq!(std::fs::read(path).unwrap(), iso("two"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_image_keeps_every_rule_of_core() {
    let (lab, core) = scene(&["pve1", "pve2"]).await;
    let (url, sum) = publish(&lab, "tiny.iso", "one");
    let image = core.resource(IMAGE, config(&[("url", json!(url)), ("checksum", json!(sum))]));
    image.apply().await.unwrap();
    let (url, sum) = publish(&lab, "tiny.iso", "two");
    let next = config(&[("url", json!(url)), ("checksum", json!(sum)), ("nodes", json!(["pve1", "pve2"]))]);
    let image = image.with(next);
    image.plan().await.unwrap().expect(PlannedAction::Update).unwrap();
    image.apply().await.unwrap();
    assert_eq!((files(&lab, "pve1/local").len(), files(&lab, "pve2/local").len()), (1, 1));
    image.destroy().await.unwrap();
    assert_eq!((files(&lab, "pve1/local").len(), files(&lab, "pve2/local").len()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn images_are_listed_and_taken_over_by_identity() {
    let (lab, core) = scene(&["pve1", "pve2"]).await;
    for (node, volume) in
        [("pve1", "local:iso/a.iso"), ("pve2", "local:iso/b.iso"), ("pve1", "shared:iso/c.iso")]
    {
        let place = lab.volume_place(node, volume).unwrap();
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        std::fs::write(place, iso("listed")).unwrap();
    }
    let listed = core.list(IMAGE, json!({}), 0).await.unwrap();
    let mut names: Vec<&str> = listed.iter().map(|found| found.display_name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["local:iso/a.iso on pve1", "local:iso/b.iso on pve2", "shared:iso/c.iso on pve1"]);
    assert_eq!(core.list(IMAGE, json!({ "node": "pve2", "storage": "local" }), 0).await.unwrap().len(), 1);
    assert_eq!(core.list(IMAGE, json!({ "content": "import" }), 0).await.unwrap().len(), 0);
    assert_eq!(core.list(IMAGE, json!({}), 2).await.unwrap().len(), 2);

    let (url, sum) = publish(&lab, "tiny.iso", "listed");
    let image = core.resource(IMAGE, config(&[("url", json!(url)), ("checksum", json!(sum))]));
    let identity = json!({ "volume_id": "local:iso/a.iso", "node": "pve1" });
    // Identity tells the file, not where it is from.
    let Err(CoreError::Unexpected { found: PlannedAction::Update, differences, .. }) =
        image.import_identity(identity).await
    else {
        panic!("the origin is to be recorded")
    };
    assert_eq!(differences.len(), 3, "{differences:?}");
    // The apply proves that the file is what the configuration says.
    image.plan().await.unwrap().expect(PlannedAction::Update).unwrap();
    image.apply().await.unwrap();
    assert!(files(&lab, "pve1/local").contains(&"local:iso/a.iso".to_owned()));
}

/// Every type of the domain has a schema that core accepts.
#[tokio::test]
async fn schemas_are_accepted() {
    let core: AloneCore = Core::new(ProviderServer::new());
    let schemas = core.schemas().await.unwrap();
    assert!(schemas.resources.contains_key(IMAGE) && schemas.lists.contains_key(IMAGE));
    for name in ["version", "nodes", "storages", "templates"] {
        assert!(schemas.data_sources.contains_key(&format!("hybridops_proxmox_{name}")), "{name}");
    }
}
