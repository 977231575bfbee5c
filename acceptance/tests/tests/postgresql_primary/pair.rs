//! A primary and its standby, made by Terraform.

use std::collections::BTreeSet;
use std::time::Duration;

use acceptance_tests::postgresql::{Acknowledged, Declared, Machine, Scene, lost};
use acceptance_tests::{Output, wait_until};
use anyhow::{Result, ensure};
use hybridops_lab::TEMPLATE_POSTGRESQL;
use serde_json::Value;

/// Two members and who is primary of them.
pub(crate) struct Pair {
    pub(crate) scene: Scene,
    pub(crate) one: Machine,
    pub(crate) two: Machine,
    instances: [Declared; 2],
    pub(crate) primary: Declared,
}

/// What members are called.
pub(crate) const NAMES: [&str; 2] = ["db-01", "db-02"];

impl Pair {
    /// Two members in epoch 1, primary is `db-01`; `None`, said aloud, where this machine cannot have them.
    pub(crate) fn start(test: &str, lease: Option<&str>) -> Result<Option<Self>> {
        let Some(scene) = Scene::start(test)? else { return Ok(None) };
        let one = scene.machine("db-01", 11, TEMPLATE_POSTGRESQL)?;
        let two = scene.machine("db-02", 12, TEMPLATE_POSTGRESQL)?;
        let streams = |declared: Declared, machine: &Machine| {
            let network = machine.address.rsplit_once('.').map_or("", |(network, _)| network);
            let rule = |database: &str, user: &str| {
                format!(
                    "{{ databases = [\"{database}\"], users = [\"{user}\"], address = \"{network}.0/24\" }}"
                )
            };
            let rules = [rule("all", "app"), rule("replication", "streamer"), rule("postgres", "streamer")];
            declared
                .set("postgresql.access", format!("[{}]", rules.join(", ")))
                .set(
                    "postgresql.roles.streamer",
                    "{ login = true, replication = true, password = var.stream_password, password_version = 1 }",
                )
                .backed_up(&scene.store, "db")
                .set("objectives", "{ rpo = \"10s\" }")
        };
        let login = "{ user = \"streamer\", password = var.stream_password }";
        let first = streams(Declared::host("one", &one), &one);
        let second = streams(Declared::host("two", &two), &two)
            .text("role", "standby")
            .text("standby.host", &one.address)
            .set("standby.login", login)
            .set("depends_on", "[hybridops_postgresql_host.one]");
        let member = |machine: &Machine| format!("{{ machine = {} }}", machine.block());
        let mut primary = Declared::new("hybridops_postgresql_primary", "db")
            .text("name", "db")
            .set("epoch", "1")
            .text("primary", "db-01")
            .set("members", format!("{{ db-01 = {}, db-02 = {} }}", member(&one), member(&two)))
            .set("version", "15")
            .set("storage", scene.store.block("db"))
            .set("login", login)
            .set("depends_on", "[hybridops_postgresql_host.one, hybridops_postgresql_host.two]");
        if let Some(duration) = lease {
            primary = primary.text("lease.duration", duration);
        }
        let pair = Self { scene, one, two, instances: [first, second], primary };
        pair.scene.tell("two machines")?;
        let made = pair.apply()?;
        pair.scene.tell(&format!("a primary and a standby, in {:.1} s", made.took.as_secs_f64()))?;
        pair.scene.ws.expect_empty_plan()?;
        Ok(Some(pair))
    }

    pub(crate) fn declare(&self) -> Result<()> {
        let [first, second] = &self.instances;
        self.scene.declare(&[first, second, &self.primary])
    }

    pub(crate) fn apply(&self) -> Result<Output> {
        self.declare()?;
        self.scene.ws.apply()?.ok()
    }

    /// The primary is to be another member in another epoch.
    pub(crate) fn wish(&mut self, epoch: u64, primary: &str) {
        self.primary = self.primary.clone().set("epoch", epoch.to_string()).text("primary", primary);
    }

    /// Commits of a member are given up.
    pub(crate) fn accept_loss(&mut self, member: &str, commits: u64) {
        self.primary = self.primary.clone().set("accept_loss", format!("{{ {member} = {commits} }}"));
    }

    pub(crate) fn machine(&self, name: &str) -> &Machine {
        if name == "db-01" { &self.one } else { &self.two }
    }

    pub(crate) fn addresses(&self) -> [&str; 2] {
        [&self.one.address, &self.two.address]
    }

    /// Cuts the link between both; everybody else reaches them.
    pub(crate) fn part(&self) -> Result<()> {
        let (one, two) = (&self.one, &self.two);
        Ok(self.scene.real()?.part((one.vmid, &one.address), (two.vmid, &two.address))?)
    }

    /// Mends it.
    pub(crate) fn rejoin(&self) -> Result<()> {
        let (one, two) = (&self.one, &self.two);
        Ok(self.scene.real()?.rejoin((one.vmid, &one.address), (two.vmid, &two.address))?)
    }

    pub(crate) fn status(&self) -> Result<Value> {
        Ok(self.scene.ws.state()?.get(&self.primary.address(), "status")?.clone())
    }

    /// Waits until a standby has what its primary has.
    pub(crate) fn wait_caught_up(&self, primary: &str) -> Result<()> {
        let other = if primary == "db-01" { "db-02" } else { "db-01" };
        let lsn = self.scene.value(self.machine(primary), "SELECT pg_current_wal_lsn()")?;
        let sql = format!("SELECT coalesce(pg_last_wal_replay_lsn() >= '{lsn}', false)");
        wait_until("the standby to catch up", Duration::from_secs(60), || {
            Ok(self.scene.value(self.machine(other), &sql).is_ok_and(|caught_up| caught_up == "t"))
        })
    }

    /// Rows that were acknowledged and are not on a member.
    pub(crate) fn missing(&self, acknowledged: &[Acknowledged], name: &str) -> Result<Vec<Acknowledged>> {
        let present: BTreeSet<i64> = self.scene.ledger(self.machine(name))?;
        ensure!(!acknowledged.is_empty(), "nothing was written: this proves nothing");
        Ok(lost(acknowledged, &present))
    }
}
