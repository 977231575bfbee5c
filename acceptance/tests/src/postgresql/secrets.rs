//! Canaries: what must not be found anywhere, and where it is looked for.

use std::collections::BTreeSet;

use anyhow::Result;

use super::{Machine, Scene};
use crate::{Sweep, Workspace};

/// Password of the role `app`.
pub const APP_PASSWORD: &str = "canary-app-7c41e9d2b6";
/// Password of the role that streams.
pub const STREAM_PASSWORD: &str = "canary-stream-52f0a8c73e";
/// Access key of the store.
pub const S3_KEY: &str = "CANARYKEY93D7AF10";
/// Secret key of the store.
pub const S3_SECRET: &str = "canary-s3-secret-e1b5d8f4027a";

/// The canaries of a scene.
#[derive(Debug, Clone)]
pub struct Secrets {
    canaries: Vec<String>,
}

impl Secrets {
    /// Declares ephemeral variables and gives them their values by the environment.
    pub(super) fn plant(ws: &mut Workspace) -> Result<Self> {
        let given = [
            ("app_password", APP_PASSWORD),
            ("stream_password", STREAM_PASSWORD),
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
    /// Searches workspace, command lines, journals of machines and of their SSH for the canaries.
    ///
    /// # Errors
    /// One turned up, or something cannot be searched.
    pub fn expect_no_secret(&self, seen: &BTreeSet<String>, machines: &[&Machine]) -> Result<()> {
        let mut sweep = self.secrets.sweep();
        sweep.workspace(&self.ws)?;
        for line in seen {
            sweep.bytes("the command line of a process", line.as_bytes());
        }
        for command in self.real()?.doors().commands() {
            sweep.bytes("a command over SSH", command.command.as_bytes());
        }
        for machine in machines {
            sweep.bytes(&format!("the journal of {}", machine.name), self.journal(machine)?.as_bytes());
        }
        sweep.clean()
    }
}
