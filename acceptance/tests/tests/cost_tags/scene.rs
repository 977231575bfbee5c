//! A cluster and a NetBox, a workspace that reaches both, and eyes for tags.

use std::collections::BTreeSet;
use std::sync::LazyLock;
use std::time::Duration;

use acceptance_tests::{Change, Provider, Workspace, terraform_or_skip};
use anyhow::{Context as _, Result, bail, ensure};
use hybridops_lab::{Lab, LabConfig, NetBox, NetBoxConfig};
use serde_json::{Value as Json, json};
use tokio::runtime::Runtime;

/// Container template that the node has.
const TEMPLATE: &str = "local:vztmpl/debian-12-standard_12.12-1_amd64.tar.zst";

/// The guest that is taken over as a template.
const ADOPTED: u32 = 300;

/// One of the resources whose guests carry tags.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Carrier {
    pub(crate) address: &'static str,
    name: &'static str,
    arguments: &'static str,
    /// A tag of its own making, which the resource keeps.
    pub(crate) own: &'static [&'static str],
    kind: &'static str,
}

/// All of them. The guests run where they can.
pub(crate) const CARRIERS: [Carrier; 3] = [
    Carrier {
        address: "hybridops_proxmox_vm.it",
        name: "web",
        arguments: "power = \"running\"",
        own: &[],
        kind: "qemu",
    },
    Carrier {
        address: "hybridops_proxmox_lxc.it",
        name: "box",
        arguments: "template = \"local:vztmpl/debian-12-standard_12.12-1_amd64.tar.zst\"\n  \
                    root_disk = { storage = \"local\", size = \"64M\" }\n  power = \"running\"",
        own: &[],
        kind: "lxc",
    },
    Carrier {
        address: "hybridops_proxmox_template.it",
        name: "golden",
        arguments: "adopt = { vmid = 300 }\n  version = \"3\"",
        own: &["version-3"],
        kind: "qemu",
    },
];

impl Carrier {
    /// Its configuration; `tags` is an expression.
    pub(crate) fn hcl(self, tags: Option<&str>) -> String {
        let resource = self.address.split('.').next().unwrap_or_default();
        let tags = tags.map(|tags| format!("  tags = {tags}\n")).unwrap_or_default();
        let (name, arguments) = (self.name, self.arguments);
        format!(
            "resource \"{resource}\" \"it\" {{\n  name = \"{name}\"\n  node = \"pve1\"\n  {arguments}\n{tags}}}\n"
        )
    }
}

pub(crate) struct Scene {
    pub(crate) lab: Lab,
    pub(crate) ws: Workspace,
}

fn runtime() -> Result<&'static Runtime> {
    static RUNTIME: LazyLock<std::io::Result<Runtime>> =
        LazyLock::new(|| tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build());
    RUNTIME.as_ref().map_err(|error| anyhow::anyhow!("no runtime: {error}"))
}

/// Begins a test: the scene, or the end of the test where there is no `terraform`.
macro_rules! scene {
    () => {{
        fn here() {}
        match $crate::scene::prepared(std::any::type_name_of_val(&here))? {
            Some(scene) => scene,
            None => return Ok(()),
        }
    }};
}
pub(crate) use scene;

/// A scene; `None`, said aloud, where there is no `terraform`.
pub(crate) fn prepared(test: &str) -> Result<Option<Scene>> {
    if !terraform_or_skip(test)? {
        return Ok(None);
    }
    let config = LabConfig {
        netbox: Some(NetBoxConfig::default()),
        task_duration: Duration::ZERO,
        ha_delay: Duration::ZERO,
        ..LabConfig::default()
    };
    let lab = runtime()?.block_on(Lab::start(config))?;
    let place = lab.volume_place("pve1", TEMPLATE).context("a place for the template")?;
    std::fs::create_dir_all(place.parent().unwrap_or(&place))?;
    std::fs::write(place, TEMPLATE)?;
    let ws = workspace(&lab)?;
    let scene = Scene { lab, ws };
    let vmid = ADOPTED.to_string();
    scene.operator("POST", "/nodes/pve1/qemu", &[("vmid", vmid.as_str()), ("name", "packer")])?;
    Ok(Some(scene))
}

fn workspace(lab: &Lab) -> Result<Workspace> {
    let mut ws = Workspace::ready(&[Provider::hybridops()?])?;
    for (name, value) in lab.environment() {
        ws.set_env(&name, value);
    }
    let netbox = lab.netbox().context("a NetBox")?;
    ws.set_env("NETBOX_SERVER_URL", netbox.url());
    ws.set_env("NETBOX_API_TOKEN", netbox.token());
    Ok(ws)
}

/// Tags as a set.
pub(crate) fn tags<'t>(tags: impl IntoIterator<Item = &'t str>) -> BTreeSet<String> {
    tags.into_iter().map(str::to_owned).collect()
}

/// The provider block, with cost tags or without.
pub(crate) fn provider(ws: &Workspace, cost_tags: &[(&str, &str)]) -> Result<()> {
    let facts: Vec<String> =
        cost_tags.iter().map(|(fact, value)| format!("{fact} = {}", json!(value))).collect();
    let section = match facts.as_slice() {
        [] => String::new(),
        facts => format!("  cost_tags = {{ {} }}\n", facts.join(", ")),
    };
    ws.write("provider.tf", &format!("provider \"hybridops\" {{\n{section}}}\n"))
}

/// A change of tags changes nothing else: attributes that may differ are told.
pub(crate) fn expect_tags_only(change: &Change<'_>) -> Result<()> {
    ensure!(change.actions() == "update", "{} is to be {}", change.address(), change.actions());
    let (before, after) = (change.before(""), change.after(""));
    let names = after.as_object().context("a planned object")?.keys();
    let differs: Vec<&String> = names.filter(|name| before[name.as_str()] != after[name.as_str()]).collect();
    // `managed` is told with the next change: it says which settings are declared.
    let allowed = ["tags", "cost_tags", "changes", "managed"];
    ensure!(differs.iter().all(|name| allowed.contains(&name.as_str())), "{}: {differs:?}", change.address());
    for place in ["/reboot_required", "/vmid", "/tags"] {
        ensure!(!change.is_unknown(place), "{place} of {} is not known", change.address());
    }
    Ok(())
}

impl Scene {
    pub(crate) fn another_workspace(&self) -> Result<Workspace> {
        workspace(&self.lab)
    }

    pub(crate) fn netbox(&self) -> Result<&NetBox> {
        self.lab.netbox().context("a NetBox")
    }

    /// Makes tags in NetBox, by slug.
    pub(crate) fn insert_tags(&self, slugs: &[&str]) -> Result<()> {
        for slug in slugs {
            self.netbox()?.insert("extras/tags", json!({"name": slug, "slug": slug}))?;
        }
        Ok(())
    }

    /// Slugs of the tags of the only object of a kind.
    pub(crate) fn slugs(&self, kind: &str) -> Result<BTreeSet<String>> {
        let all = self.netbox()?.objects(kind);
        let [one] = all.as_slice() else { bail!("there are {} objects of {kind}", all.len()) };
        let list = one["tags"].as_array().context("tags")?;
        Ok(list.iter().filter_map(|tag| tag["slug"].as_str().map(str::to_owned)).collect())
    }

    /// Applies; a second plan must be empty.
    pub(crate) fn converge(&self) -> Result<()> {
        self.ws.apply()?.ok()?;
        self.ws.expect_empty_plan().map(drop)
    }

    pub(crate) fn vmid(&self, carrier: Carrier) -> Result<u32> {
        let vmid = self.ws.state()?.get(carrier.address, "vmid")?.as_u64().context("a vmid in state")?;
        Ok(u32::try_from(vmid)?)
    }

    /// Tags that a guest has in the cluster.
    pub(crate) fn tags_of(&self, carrier: Carrier) -> Result<BTreeSet<String>> {
        let vmid = self.vmid(carrier)?;
        let guest = self.lab.guest(vmid).with_context(|| format!("there is no guest {vmid}"))?;
        let text = guest.config.get("tags").cloned().unwrap_or_default();
        Ok(tags(text.split(';').filter(|tag| !tag.is_empty())))
    }

    /// The guest has these tags beside those that its resource keeps for itself.
    pub(crate) fn expect_tags(&self, carrier: Carrier, expected: &[&str]) -> Result<()> {
        let all = tags(expected.iter().copied().chain(carrier.own.iter().copied()));
        let is = self.tags_of(carrier)?;
        ensure!(is == all, "{} has {is:?}, not {all:?}", carrier.address);
        Ok(())
    }

    /// What the state tells of the provider's tags.
    pub(crate) fn expect_cost_tags(&self, carrier: Carrier, expected: &[&str]) -> Result<()> {
        let state = self.ws.state()?;
        let is = state.get(carrier.address, "cost_tags")?;
        let expected = if expected.is_empty() { Json::Null } else { json!(expected) };
        ensure!(*is == expected, "{}: cost_tags is {is}, not {expected}", carrier.address);
        Ok(())
    }

    /// Sets the tags of a guest behind Terraform's back.
    pub(crate) fn retag(&self, carrier: Carrier, tags: &str) -> Result<()> {
        let (vmid, kind) = (self.vmid(carrier)?, carrier.kind);
        // A container's configuration is changed with PUT.
        let method = if kind == "lxc" { "PUT" } else { "POST" };
        self.operator(method, &format!("/nodes/pve1/{kind}/{vmid}/config"), &[("tags", tags)]).map(drop)
    }

    /// Requests that start or stop guests since the log was cleared.
    pub(crate) fn power_requests(&self) -> Vec<String> {
        let counts = self.lab.journal().counts().into_keys();
        counts.filter(|request| request.starts_with("POST") && request.contains("/status/")).collect()
    }

    /// Somebody else's request to the cluster; waits for the task it starts.
    pub(crate) fn operator(&self, method: &str, path: &str, form: &[(&str, &str)]) -> Result<Json> {
        runtime()?.block_on(async {
            let data = self.request(method, path, form).await?;
            let Some(upid) = data.as_str().filter(|text| text.starts_with("UPID:")) else { return Ok(data) };
            let status = format!("/nodes/pve1/tasks/{upid}/status");
            for _ in 0..500 {
                match self.request("GET", &status, &[]).await?["exitstatus"].as_str() {
                    Some("OK") => return Ok(data),
                    Some(failed) => bail!("{method} {path}: {failed}"),
                    None => tokio::time::sleep(Duration::from_millis(10)).await,
                }
            }
            bail!("{method} {path} does not end")
        })
    }

    async fn request(&self, method: &str, path: &str, form: &[(&str, &str)]) -> Result<Json> {
        let http = reqwest::Client::builder().danger_accept_invalid_certs(true).build()?;
        let endpoint = self.lab.endpoints().into_iter().next().context("a node")?;
        let request = http.request(method.parse()?, format!("{endpoint}/api2/json{path}"));
        let request = if method == "GET" { request.query(form) } else { request.form(form) };
        let token = format!("PVEAPIToken={}", self.lab.api_token());
        let response = request.header("Authorization", token).send().await?;
        let status = response.status();
        let body = response.text().await?;
        ensure!(status.is_success(), "{method} {path}: {status} {body}");
        Ok(serde_json::from_str::<Json>(&body)?["data"].take())
    }
}
