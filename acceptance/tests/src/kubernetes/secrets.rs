//! Secrets that must not be found anywhere, and where they are looked for.

use std::collections::BTreeSet;

use anyhow::Result;

use super::{Distribution, Machine, Scene};
use crate::{Sweep, Workspace};

/// The token that nodes join with, where one is given.
pub const JOIN_TOKEN: &str = "canary-join-8d13b6a07f4e2c59";
/// Password of a registry.
pub const REGISTRY_PASSWORD: &str = "canary-registry-3ad5c1f98e";
/// Access key of the store.
pub const S3_KEY: &str = "CANARYKEY71C4E8A2";
/// Secret key of the store.
pub const S3_SECRET: &str = "canary-s3-secret-96f0d2b7c31a";

/// The canaries of a scene.
#[derive(Debug, Clone)]
pub struct Secrets {
    canaries: Vec<String>,
}

impl Secrets {
    /// Declares ephemeral variables and gives them their values by the environment.
    pub(super) fn plant(ws: &mut Workspace) -> Result<Self> {
        let given = [
            ("token", JOIN_TOKEN),
            ("registry_password", REGISTRY_PASSWORD),
            ("s3_key", S3_KEY),
            ("s3_secret", S3_SECRET),
        ];
        let mut text = String::new();
        for (name, value) in given {
            text += &format!(
                "variable \"{name}\" {{\n  type      = string\n  ephemeral = true\n  sensitive = true\n}}\n"
            );
            ws.set_env(&format!("TF_VAR_{name}"), value);
        }
        ws.write("variables.tf", &text)?;
        ws.set_env("AWS_ACCESS_KEY_ID", S3_KEY);
        ws.set_env("AWS_SECRET_ACCESS_KEY", S3_SECRET);
        Ok(Self { canaries: given.map(|(_, value)| value.to_owned()).to_vec() })
    }

    /// Adds a canary of the test's own.
    pub fn add(&mut self, canary: &str) {
        self.canaries.push(canary.to_owned());
    }

    /// A search for all of them.
    #[must_use]
    pub fn sweep(&self) -> Sweep {
        Sweep::new(&self.canaries.iter().map(String::as_str).collect::<Vec<_>>())
    }
}

impl Scene {
    /// What a server keeps to itself: its token's password and the administrator's key.
    ///
    /// # Errors
    /// It is no server.
    pub fn kept_secrets(&self, distribution: Distribution, server: &Machine) -> Result<Vec<String>> {
        let script = format!(
            "cat {data}/server/token | sed 's/.*:://'; \
             sed -n 's/.*client-key-data: *//p' {kubeconfig}",
            data = distribution.data(),
            kubeconfig = distribution.kubeconfig()
        );
        let kept = self.exec(server, &script)?;
        Ok(kept.lines().map(str::trim).filter(|line| line.len() > 15).map(str::to_owned).collect())
    }

    /// Searches workspace, command lines, commands over SSH and journals of machines for the canaries and for `more`,
    /// which [`Self::kept_secrets`] tells.
    ///
    /// # Errors
    /// One turned up, or something cannot be searched.
    pub fn expect_no_secret(
        &self,
        seen: &BTreeSet<String>,
        more: &[String],
        machines: &[&Machine],
    ) -> Result<()> {
        let mut secrets = self.secrets.clone();
        more.iter().for_each(|one| secrets.add(one));
        let mut sweep = secrets.sweep();
        sweep.workspace(&self.ws)?;
        for line in seen {
            sweep.bytes("the command line of a process", line.as_bytes());
        }
        for command in self.real()?.doors().commands() {
            sweep.bytes("a command over SSH", command.command.as_bytes());
            sweep.bytes("the end of a command over SSH", command.end.as_bytes());
        }
        for machine in machines {
            let journal = self.exec(machine, "journalctl --no-pager -o cat 2>/dev/null; true")?;
            sweep.bytes(&format!("the journal of {}", machine.name), journal.as_bytes());
        }
        sweep.clean()
    }
}
