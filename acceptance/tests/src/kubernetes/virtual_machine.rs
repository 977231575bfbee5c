//! Virtual machines that Terraform clones from a template. A container with cloud-init stands in for each of them: what
//! runs in it is real, the disk it was cloned from is not.

use std::fs;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value as Json, json};

use super::Scene;
use crate::wait_until;

/// Number of the template.
const NUMBER: u32 = 9000;
/// How long the stand-in of Proxmox VE may take for it.
const PATIENCE: Duration = Duration::from_secs(20);
/// Someone whose machine is the first for Kubernetes in this laboratory: it is only made to be looked into.
const LENDER: u8 = 99;

/// What cloud-init finds in a machine, and the host key it has afterwards.
#[derive(Debug, Clone)]
pub struct Seeded {
    /// The document `user-data`.
    pub user_data: String,
    /// The public host key.
    pub host_key: String,
}

impl Scene {
    /// Puts etcd, which images of RKE2 bring and the stand-in has none of, and kubectl where machines that cloud-init prepares
    /// find them.
    ///
    /// # Errors
    /// The laboratory refuses.
    pub fn lend_etcd(&self) -> Result<()> {
        if self.offer_etcd().is_err() {
            // The first host for Kubernetes of this computer brings it.
            self.remove(&self.machine("etcd", LENDER)?)?;
            self.offer_etcd()?;
        }
        Ok(())
    }

    /// Makes the template `debian-12` on the first node: what its disk would hold does not matter to a container.
    ///
    /// # Errors
    /// The laboratory refuses.
    pub fn template(&self) -> Result<()> {
        self.lend_etcd()?;
        let call = |path: &str, parameters: Json| {
            self.lab.call("POST", path, &parameters).map_err(anyhow::Error::msg).map(drop)
        };
        let guest = || self.lab.guest(NUMBER);
        call(
            "/nodes/pve1/qemu",
            json!({ "vmid": NUMBER.to_string(), "name": "debian-12", "memory": "2048", "scsi0": "shared:1",
                    "scsihw": "virtio-scsi-single", "net0": "virtio,bridge=vmbr0" }),
        )?;
        let is_made = || guest().is_some_and(|guest| !guest.config.contains_key("lock"));
        wait_until("the template to be made", PATIENCE, || Ok(is_made()))?;
        call(&format!("/nodes/pve1/qemu/{NUMBER}/template"), json!({}))?;
        wait_until("the template to be one", PATIENCE, || Ok(guest().is_some_and(|guest| guest.template)))
    }

    /// What cloud-init is to do in a machine: a user `admin` who may become root, a host key that is known beforehand, and
    /// etcd and kubectl where a host for Kubernetes has them.
    ///
    /// # Errors
    /// No host key can be made.
    pub fn seed(&self, hostname: &str) -> Result<Seeded> {
        let place = self.ws.path(&format!("{hostname}.key"));
        let made = Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-C", hostname, "-f"])
            .arg(&place)
            .status()?;
        ensure!(made.success(), "no host key for {hostname}");
        let read = |path: &std::path::Path| fs::read_to_string(path).context("a key that was just made");
        let (private, public) = (read(&place)?, read(&place.with_extension("key.pub"))?);
        for end in ["key", "key.pub"] {
            self.ws.remove(&format!("{hostname}.{end}"))?;
        }
        let host_key = public.trim().to_owned();
        let document = json!({
            "hostname": hostname,
            "manage_etc_hosts": true,
            "users": [{
                "name": "admin", "shell": "/bin/bash", "sudo": "ALL=(ALL) NOPASSWD:ALL",
                "ssh_authorized_keys": [self.real()?.client_key()?.1],
            }],
            "ssh_keys": { "ed25519_private": private, "ed25519_public": host_key },
            "bootcmd": ["ln -sf /opt/lab/etcd /opt/lab/etcdctl /opt/lab/kubectl /usr/bin/"],
        });
        Ok(Seeded { user_data: format!("#cloud-config\n{document}\n"), host_key })
    }

    /// A machine as the module `rke2-cluster` has it among `servers` and `agents`: by its key, with this last number of its
    /// address.
    ///
    /// # Errors
    /// No host key can be made.
    pub fn of_module(&self, cluster: &str, key: &str, number: u8) -> Result<(String, Json)> {
        let seeded = self.seed(&format!("{cluster}-{key}"))?;
        let address = format!("{}.{number}", self.real()?.network());
        let machine =
            json!({ "address": address, "host_keys": [seeded.host_key], "user_data": seeded.user_data });
        Ok((key.to_owned(), machine))
    }
}
