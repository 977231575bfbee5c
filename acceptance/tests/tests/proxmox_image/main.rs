//! `hybridops_proxmox_image` and the data sources of the domain, through the real `terraform` against the lab.

mod cancel;
mod crash;
mod data_sources;
mod drift;
mod import;
mod lifecycle;
mod packed;
mod refusals;

use std::collections::BTreeSet;
use std::fs;

use acceptance_tests::{Provider, Workspace, terraform_or_skip};
use anyhow::{Context as _, Result};
use hybridops_lab::{Lab, LabConfig};
use sha2::{Digest as _, Sha256};

/// The address of the image under test.
const IT: &str = "hybridops_proxmox_image.it";

/// A laboratory, and a workspace that reaches it.
struct Scene {
    lab: Lab,
    ws: Workspace,
}

/// A scene with these nodes; `None`, said aloud, where there is no `terraform`.
async fn prepared(test: &str, nodes: &[&str]) -> Result<Option<Scene>> {
    if !terraform_or_skip(test)? {
        return Ok(None);
    }
    let nodes = nodes.iter().map(|node| (*node).to_owned()).collect();
    let lab = Lab::start(LabConfig { nodes, ..LabConfig::default() }).await?;
    let mut ws = Workspace::ready(&[Provider::hybridops()?])?;
    for (name, value) in lab.environment() {
        ws.set_env(&name, value);
    }
    ws.write("provider.tf", "provider \"hybridops\" {}\n")?;
    Ok(Some(Scene { lab, ws }))
}

/// Begins a test: the scene, or the end of the test where there is no `terraform`.
macro_rules! scene {
    ($($node:literal),+) => {{
        fn here() {}
        match $crate::prepared(std::any::type_name_of_val(&here), &[$($node),+]).await? {
            Some(scene) => scene,
            None => return Ok(()),
        }
    }};
}
use scene;

/// What an ISO image might hold: nothing that looks like anything else.
fn iso(text: &str) -> Vec<u8> {
    let mut bytes = vec![0_u8; 40_000];
    bytes[32_768..32_768 + text.len()].copy_from_slice(text.as_bytes());
    bytes
}

/// A raw disk: its first sector ends with the boot signature.
fn disk(text: &str) -> Vec<u8> {
    let mut bytes = vec![0_u8; 1 << 20];
    bytes[510..512].copy_from_slice(&[0x55, 0xaa]);
    bytes[4096..4096 + text.len()].copy_from_slice(text.as_bytes());
    bytes
}

fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    format!("sha256:{}", digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

impl Scene {
    /// Publishes a file; answers the checksum.
    fn publish(&self, name: &str, bytes: &[u8]) -> Result<String> {
        self.lab.put_artefact(name, bytes)?;
        Ok(sha256(bytes))
    }

    fn url(&self, name: &str) -> String {
        self.lab.artefact_url(name)
    }

    /// Writes the image under test with these arguments.
    fn declare(&self, arguments: &str) -> Result<()> {
        self.ws
            .write("main.tf", &format!("resource \"hybridops_proxmox_image\" \"it\" {{\n{arguments}\n}}\n"))
    }

    /// Writes an ISO image on `local` of these nodes, published as `tiny.iso`.
    fn declare_iso(&self, nodes: &str, more: &str) -> Result<()> {
        let url = self.url("tiny.iso");
        self.declare(&format!(
            "nodes = {nodes}\nstorage = \"local\"\ncontent = \"iso\"\nurl = \"{url}\"\n{more}"
        ))
    }

    /// Files on a storage of a node.
    fn files(&self, place: &str) -> BTreeSet<String> {
        let state = self.lab.state();
        let volumes = state["volumes"][place].as_array().into_iter().flatten();
        volumes.filter_map(|volume| volume.as_str().map(str::to_owned)).collect()
    }

    /// What a file on a node holds.
    fn content(&self, node: &str, volume: &str) -> Result<Vec<u8>> {
        let path =
            self.lab.volume_path(node, volume).with_context(|| format!("{volume} is not on {node}"))?;
        Ok(fs::read(path)?)
    }

    /// Puts a file on a node behind everybody's back.
    fn smuggle(&self, node: &str, volume: &str, bytes: &[u8]) -> Result<()> {
        let path = self.lab.volume_place(node, volume).context("no such place")?;
        fs::create_dir_all(path.parent().context("no parent")?)?;
        Ok(fs::write(path, bytes)?)
    }

    /// Takes a file from a node behind everybody's back.
    fn steal(&self, node: &str, volume: &str) -> Result<()> {
        Ok(fs::remove_file(self.lab.volume_path(node, volume).context("no such file")?)?)
    }

    /// The file of the image, by the state.
    fn volume(&self) -> Result<String> {
        let state = self.ws.state()?;
        Ok(state.get(IT, "volume_id")?.as_str().context("no volume id")?.to_owned())
    }

    /// Requests since the log was cleared, as `METHOD route`.
    fn requests(&self) -> Vec<String> {
        let route = |entry: &hybridops_lab::Entry| entry.route.clone().unwrap_or_else(|| entry.path.clone());
        self.lab.journal().all().iter().map(|entry| format!("{} {}", entry.method, route(entry))).collect()
    }

    /// Requests that change something.
    fn writes(&self) -> Vec<String> {
        self.requests().into_iter().filter(|request| !request.starts_with("GET ")).collect()
    }
}
