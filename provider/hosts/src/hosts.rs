//! The machines of one provider.

use std::time::Duration;

use tf_framework::{Diagnostics, Result};
use tf_value::Path;
use transport_ssh::{Hop, Machine, MachineError, Ssh, Target, Wrap, told};

use crate::connection::{Connection, pins};
use crate::section::{Become, Usual};

/// The machines of one provider: connections are kept open and shared by all its resources.
#[derive(Clone, Debug)]
pub struct Hosts {
    ssh: Ssh,
    usual: Usual,
}

impl Hosts {
    pub(crate) fn new(ssh: Ssh, usual: Usual) -> Self {
        Self { ssh, usual }
    }

    /// A machine, whose commands run as root. Opens no connection. `path` is that of the block, for messages.
    ///
    /// # Errors
    /// A host key cannot be read.
    pub fn machine(&self, connection: &Connection, path: &Path) -> Result<Machine> {
        self.machine_starting(connection, path, Duration::ZERO)
    }

    /// The same, for a machine that may be starting: attempts are repeated for so long while nothing answers there.
    ///
    /// # Errors
    /// A host key cannot be read.
    pub fn machine_starting(
        &self,
        connection: &Connection,
        path: &Path,
        patience: Duration,
    ) -> Result<Machine> {
        let target = Target { patience, ..self.target(connection, path)? };
        let machine = Machine::new(self.ssh.shell(&target));
        Ok(match connection.r#become.unwrap_or(self.usual.r#become) {
            Become::None => machine,
            Become::Sudo => machine.within(Wrap::Sudo),
            Become::Doas => machine.within(Wrap::Doas),
        })
    }

    /// The key by which a machine proved itself, `ssh-ed25519 AAAA…`, while a connection to it is open: for the state,
    /// where it was trusted on first use.
    ///
    /// # Errors
    /// A host key cannot be read.
    pub async fn host_key(&self, connection: &Connection, path: &Path) -> Result<Option<String>> {
        let target = self.target(connection, path)?;
        Ok(self.ssh.host_key(&target).await.map(|key| key.to_string()))
    }

    fn target(&self, connection: &Connection, path: &Path) -> Result<Target> {
        let user = connection.user.as_deref().unwrap_or(&self.usual.user);
        let trust_on_first_use = connection.trust_on_first_use.unwrap_or(self.usual.trust_on_first_use);
        let hop = Hop {
            host_keys: connection.pins(path)?,
            trust_on_first_use,
            ..Hop::new(&connection.host, connection.port.unwrap_or(22), user)
        };
        let Some(jump) = &connection.jump else {
            return Ok(Target { jump: self.usual.jump.clone(), ..Target::new(hop) });
        };
        let hop_of = |(index, jump): (usize, &crate::Jump)| {
            let path = path.clone().attribute("jump").index(index);
            Ok(Hop {
                host_keys: pins(jump.host_keys.as_deref(), &path)?,
                trust_on_first_use,
                ..Hop::new(
                    &jump.host,
                    jump.port.unwrap_or(22),
                    jump.user.as_deref().unwrap_or(&self.usual.user),
                )
            })
        };
        let jump = jump.iter().enumerate().map(hop_of).collect::<Result<_>>()?;
        Ok(Target { jump, ..Target::new(hop) })
    }
}

/// What could not be done on a machine, for the user: at the block that names the machine.
pub fn diagnose(summary: &str, path: &Path, error: &MachineError) -> Diagnostics {
    Diagnostics::error_at(path.clone(), summary, format!("{}.", told(error).trim_end_matches('.')))
}
