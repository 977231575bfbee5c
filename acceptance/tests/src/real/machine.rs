//! A container as a machine that is reached by SSH.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use hybridops_lab::{Lab, RealGuests};
use serde_json::json;

/// How long a machine may take to come up.
const PATIENCE: Duration = Duration::from_secs(240);

/// A container, whoever made it.
#[derive(Debug, Clone)]
pub struct Machine {
    /// Host name.
    pub name: String,
    /// Number of the container.
    pub vmid: u32,
    /// Its address on the laboratory's bridge.
    pub address: String,
    /// Its public host key.
    pub host_key: String,
}

impl Machine {
    /// Where a container with this last number of its address will be, before it is made.
    ///
    /// # Errors
    /// Its host key cannot be made.
    pub fn expected(lab: &Lab, name: &str, number: u8) -> Result<Self> {
        let real = lab.real().context("guests are real")?;
        Ok(Self {
            name: name.to_owned(),
            vmid: 100 + u32::from(number),
            address: format!("{}.{number}", real.network()),
            host_key: real.host_key_of(name)?,
        })
    }

    /// Makes and starts a container with this last number of its address, and waits until it is reached.
    ///
    /// # Errors
    /// It cannot be made, or does not come up.
    pub fn make(lab: &Lab, name: &str, number: u8, template: &str) -> Result<Self> {
        let machine = Self::expected(lab, name, number)?;
        let real = lab.real().context("guests are real")?;
        let made = lab.call(
            "POST",
            "/nodes/pve1/lxc",
            &json!({
                "vmid": machine.vmid.to_string(), "hostname": name, "ostemplate": template, "unprivileged": "1",
                "storage": "local", "rootfs": "local:2", "memory": "1024", "cores": "2",
                "ssh-public-keys": real.client_key()?.1,
                "net0": format!("name=eth0,bridge=vmbr0,ip={}/24", machine.address),
            }),
        );
        made.map_err(anyhow::Error::msg)?;
        let is_made = || lab.guest(machine.vmid).is_some_and(|guest| !guest.config.contains_key("lock"));
        crate::wait_until("the container to be made", PATIENCE, || Ok(is_made()))?;
        machine.start(lab)?;
        Ok(machine)
    }

    /// Starts it and waits until it is reached.
    ///
    /// # Errors
    /// It does not come up.
    pub fn start(&self, lab: &Lab) -> Result<()> {
        ensure!(lab.set_running(self.vmid, true), "container {} does not start", self.vmid);
        self.wait_reached(lab.real().context("guests are real")?)
    }

    /// Switches it off at once.
    ///
    /// # Errors
    /// It stays.
    pub fn stop(&self, lab: &Lab) -> Result<()> {
        ensure!(lab.set_running(self.vmid, false), "container {} does not stop", self.vmid);
        Ok(())
    }

    /// Waits until its system is up and its SSH server answers.
    ///
    /// # Errors
    /// It does not in time.
    pub fn wait_reached(&self, real: &RealGuests) -> Result<()> {
        real.wait_booted(self.vmid, PATIENCE)?;
        let address: IpAddr = self.address.parse()?;
        let until = Instant::now() + PATIENCE;
        while std::net::TcpStream::connect((address, 22)).is_err() {
            if Instant::now() > until {
                bail!("{} is not reached", self.name);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// The block `machine` of a resource.
    #[must_use]
    pub fn block(&self) -> String {
        format!("{{ host = \"{}\", host_keys = [\"{}\"] }}", self.address, self.host_key)
    }
}
