//! A laboratory of its own for each test: real containers, an S3 store, WAL-G, and a workspace that is pointed at them.

use std::io::Write as _;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use hybridops_lab::{Command, Lab, LabConfig, Reach, RealGuests, StoreRequest, WAL_G_DOUBLE, wal_g};

use super::secrets::Secrets;
use crate::real::{Declared, Machine, Store, ground};
use crate::{Output, Workspace, terraform_or_skip};

/// Laboratory, store and workspace.
#[derive(Debug)]
pub struct Scene {
    /// The workspace.
    pub ws: Workspace,
    /// The store.
    pub store: Store,
    /// The stand-in cluster whose containers are real.
    pub lab: Lab,
    /// What must not be found anywhere.
    pub secrets: Secrets,
    began: Instant,
}

/// What a step asked of machines and of the store.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Commands over SSH.
    pub commands: Vec<Command>,
    /// Requests of the workstation to the store; those of the machines are not among them.
    pub requests: Vec<StoreRequest>,
}

impl Scene {
    /// A scene with one node, `pve1`; `None`, said aloud, where this machine cannot have it.
    ///
    /// # Errors
    /// It cannot be set up, though this machine has what it needs.
    pub fn start(test: &str) -> Result<Option<Self>> {
        Self::with(test, LabConfig::default())
    }

    /// A scene in a laboratory of this shape.
    ///
    /// # Errors
    /// It cannot be set up, though this machine has what it needs.
    pub fn with(test: &str, config: LabConfig) -> Result<Option<Self>> {
        if !terraform_or_skip(test)? {
            return Ok(None);
        }
        ground::or_skip(test, Self::set_up(config))
    }

    fn set_up(config: LabConfig) -> Result<Self> {
        let began = Instant::now();
        // What is quickly found missing comes first.
        let program = wal_g(&ground::cache())?;
        let lab = ground::laboratory(config)?;
        let real = lab.real().context("guests are real")?;
        real.offer("wal-g", &std::fs::read(program)?)?;
        real.offer("wal-g-double", WAL_G_DOUBLE.as_bytes())?;
        let store = Store::start(real)?;
        let mut ws = ground::workspace(&lab)?;
        let secrets = Secrets::plant(&mut ws)?;
        Ok(Self { ws, store, lab, secrets, began })
    }

    /// The containers.
    ///
    /// # Errors
    /// Never, in a scene that was set up.
    pub fn real(&self) -> Result<&RealGuests> {
        self.lab.real().context("guests are real")
    }

    /// The shell of a node.
    ///
    /// # Errors
    /// There is no such node.
    pub fn node(&self, node: &str) -> Result<Reach> {
        self.real()?.node(node).with_context(|| format!("the shell of {node}"))
    }

    /// Says something with the time since the scene began.
    ///
    /// # Errors
    /// There is nobody to say it to.
    pub fn tell(&self, text: &str) -> Result<()> {
        Ok(writeln!(std::io::stderr(), "[{:7.2} s] {text}", self.began.elapsed().as_secs_f64())?)
    }

    /// A container that is there before Terraform comes: a machine as others have it.
    ///
    /// # Errors
    /// It cannot be made, or does not come up.
    pub fn machine(&self, name: &str, number: u8, template: &str) -> Result<Machine> {
        Machine::make(&self.lab, name, number, template)
    }

    /// Writes the configuration: these instances and nothing else.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn declare(&self, declared: &[&Declared]) -> Result<()> {
        self.ws.write("main.tf", &declared.iter().map(|one| one.hcl()).collect::<Vec<_>>().join("\n"))
    }

    /// Applies; a second plan must be empty.
    ///
    /// # Errors
    /// It fails, or there is more to do.
    pub fn converge(&self, declared: &[&Declared]) -> Result<Output> {
        self.declare(declared)?;
        let output = self.ws.apply()?.ok().with_context(|| self.situation())?;
        self.ws.expect_empty_plan().with_context(|| self.situation())?;
        Ok(output)
    }

    /// What the machines have to say when something failed.
    fn situation(&self) -> String {
        let Ok(real) = self.real() else { return String::new() };
        let tell = |vmid: u32| format!("--- {vmid}\n{}\n", real.exec(vmid, SITUATION).unwrap_or_default());
        real.guests().into_iter().filter(|vmid| real.is_running(*vmid)).map(tell).collect()
    }

    /// The plan, or where that passes the apply, must fail and say all this.
    ///
    /// # Errors
    /// It does not.
    pub fn refused(&self, declared: &[&Declared], says: &[&str]) -> Result<Output> {
        self.declare(declared)?;
        let mut output = self.ws.apply()?.fails()?;
        for text in says {
            output = output.says(text)?;
        }
        Ok(output)
    }

    /// What is asked of machines and store while something is done.
    ///
    /// # Errors
    /// It fails.
    pub fn counting(&self, work: impl FnOnce() -> Result<()>) -> Result<Asked> {
        let doors = self.real()?.doors();
        doors.clear();
        self.store.s3().clear();
        work()?;
        let here = std::net::IpAddr::from(self.real()?.host());
        let requests =
            self.store.s3().requests().into_iter().filter(|request| request.from == here).collect();
        Ok(Asked { commands: doors.commands(), requests })
    }

    /// Checks that nothing is asked for that was not meant: the figures of a refresh.
    ///
    /// # Errors
    /// A refresh takes more than one round trip to each machine, or more than two requests to the store for each.
    pub fn expect_refresh_within_budget(&self, instances: usize) -> Result<()> {
        let asked = self.counting(|| self.ws.expect_empty_plan().map(drop))?;
        let (trips, requests) = (asked.commands.len(), asked.requests.len());
        self.tell(&format!(
            "refresh of {instances} instance(s): {trips} SSH round trip(s), {requests} store request(s)"
        ))?;
        ensure!(trips <= instances, "more than one round trip an instance: {:#?}", asked.commands);
        ensure!(requests <= 2 * instances, "more than two requests an instance: {:#?}", asked.requests);
        Ok(())
    }
}

const SITUATION: &str = "cd /; pg_lsclusters; head -50 /etc/postgresql/15/main/conf.d/*; \
    runuser -u postgres -- psql -XAtc \"select name, setting, sourcefile, pending_restart from pg_settings where \
    sourcefile ~ 'conf.d|auto' or pending_restart\" -c 'select * from pg_file_settings where error is not null'; \
    tail -n 30 /var/log/postgresql/*; journalctl --no-pager -o cat -n 30 2>/dev/null";
