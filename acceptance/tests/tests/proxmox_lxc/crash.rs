//! The crash matrix: the provider is killed before and after every single request, in every phase of a container's
//! life, and the next run must converge: no orphan, no duplicate, no volume lost.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Instant;

use acceptance_tests::Output;
use anyhow::{Context as _, Result, ensure};
use hybridops_lab::{Effect, RequestFault};

use crate::ready;
use crate::support::{Lxc, OTHER, Site, TEMPLATE};

/// No phase takes more cases: a matrix that does not end is a failure.
const MOST: u64 = 160;

/// Everything but the polls of tasks: how often those happen is a matter of time, and must not shift the numbers.
const REQUESTS: &str = "^/(access|cluster)/|^/nodes/[^/]+/(lxc|storage|network)";
/// The polls of tasks.
const POLLS: &str = "^/nodes/[^/]+/tasks/";

/// Where this is `1` each poll of a task and, after its effect, each request that only reads is a case too. A kill
/// after a read is a kill before the next request, which is a case anyhow.
const FULL: &str = "HYBRIDOPS_FULL_CRASH_MATRIX";

/// What is enumerated, one after the other: methods (none for all) and paths.
fn enumerated(effect: &Effect) -> &'static [(&'static str, &'static str)] {
    let full = std::env::var_os(FULL).is_some_and(|value| value == "1");
    match effect {
        _ if full => &[("", REQUESTS), ("", POLLS)],
        Effect::KillClientAfter => &[("POST", REQUESTS), ("PUT", REQUESTS), ("DELETE", REQUESTS)],
        _ => &[("", REQUESTS)],
    }
}

/// Which request of a phase is next: of which kind, and the how-manieth.
#[derive(Clone, Copy, Debug)]
struct Next {
    kind: usize,
    nth: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Create,
    Delete,
    /// Settings, growth, a mount that is added.
    Add,
    /// Settings, growth, a mount that is taken out with its volume.
    Remove,
    Migrate,
    Rebuild,
}

/// Phases that need each other, in the order they are gone through; what they leave is where the next begin.
const CYCLES: [&[Phase]; 4] =
    [&[Phase::Create, Phase::Delete], &[Phase::Migrate], &[Phase::Rebuild], &[Phase::Add, Phase::Remove]];

/// One half of the matrix: a cluster and a workspace whose container is brought through all phases.
struct Half {
    site: Site,
    effect: Effect,
    /// What the configuration says.
    other_node: bool,
    other_template: bool,
    version: u32,
    begun: bool,
    added: bool,
    /// What was written into the volumes: of the mount that stays, and of the one that was detached.
    data: Vec<String>,
    killed: BTreeMap<Phase, BTreeMap<String, u32>>,
    next: BTreeMap<Phase, Next>,
    ended: BTreeSet<Phase>,
}

impl Half {
    fn new(effect: Effect) -> Result<Self> {
        let site = Site::cluster()?;
        let (data, killed, next, ended) = Default::default();
        let (other_node, other_template, version, begun, added) = Default::default();
        Ok(Self {
            site,
            effect,
            other_node,
            other_template,
            version,
            begun,
            added,
            data,
            killed,
            next,
            ended,
        })
    }

    fn node(&self) -> &'static str {
        if self.other_node { "pve2" } else { "pve1" }
    }

    fn size(&self) -> String {
        format!("{}M", 32 + self.version)
    }

    fn declared(&self) -> Lxc {
        let mut volumes =
            vec![format!("mp0 = {{ path = \"/data\", storage = \"local\", size = \"{}\" }}", self.size())];
        if self.begun {
            volumes.push("mp1 = { path = \"/old\", storage = \"local\", size = \"16M\" }".to_owned());
        }
        if self.added {
            let mount =
                "mp2 = { path = \"/new\", storage = \"local\", size = \"16M\", on_remove = \"delete\" }";
            volumes.push(mount.to_owned());
        }
        Lxc::of_template("db", self.node())
            .text("template", if self.other_template { OTHER } else { TEMPLATE })
            .set("mounts", format!("{{ {} }}", volumes.join(", ")))
            .set("memory", (512 + self.version).to_string())
            .set("dns", format!("{{ servers = [\"10.77.0.{}\"] }}", 1 + self.version % 200))
            .set("network", "{ net0 = { bridge = \"vmbr0\", address = \"dhcp\" } }")
            .text("power", "running")
            .text("apply_mode", "reboot")
            .text("on_destroy", "delete_all")
    }

    fn change(&mut self, phase: Phase) {
        match phase {
            Phase::Create | Phase::Delete => {}
            Phase::Migrate => self.other_node = !self.other_node,
            Phase::Rebuild => self.other_template = !self.other_template,
            Phase::Add | Phase::Remove => {
                self.version += 1;
                self.added = phase == Phase::Add;
            }
        }
    }

    fn run(&self, phase: Phase) -> Result<Output> {
        if phase == Phase::Delete { self.site.ws.destroy() } else { self.site.ws.apply() }
    }

    /// Kills the provider at the next request of a phase, and lets the next run mend it.
    fn case(&mut self, phase: Phase) -> Result<()> {
        let next = *self.next.entry(phase).or_insert(Next { kind: 0, nth: 1 });
        ensure!(next.nth < MOST, "{phase:?} does not end");
        self.change(phase);
        self.site.declare(&self.declared())?;
        self.site.lab.journal().clear();
        if !self.ended.contains(&phase) {
            let (method, path) = enumerated(&self.effect)[next.kind];
            let (method, path, effect) = (method.to_owned(), path.to_owned(), self.effect.clone());
            let fault = RequestFault { method, path, nth: next.nth, times: 1, effect };
            self.site.lab.faults().add(fault)?;
        }
        let killed = self.run(phase)?;
        self.site.lab.faults().clear();
        let log = self.site.lab.journal().all();
        let Some(struck) = log.iter().find(|entry| entry.fault.is_some()) else {
            killed.ok()?;
            let kind = next.kind + 1;
            if kind < enumerated(&self.effect).len() {
                self.next.insert(phase, Next { kind, nth: 1 });
            } else {
                self.ended.insert(phase);
            }
            return self.check(phase);
        };
        self.next.insert(phase, Next { nth: next.nth + 1, ..next });
        killed.fails().with_context(|| format!("killed at {} {}", struck.method, struck.path))?;
        let asked = format!("{} {}", struck.method, general(&struck.path));
        *self.killed.entry(phase).or_default().entry(asked.clone()).or_default() += 1;
        let mend = || -> Result<()> {
            self.run(phase)?.ok()?;
            self.check(phase)
        };
        mend().with_context(|| format!("{phase:?} killed ({:?}) at {next:?}, {asked}", self.effect))
    }

    fn check(&self, phase: Phase) -> Result<()> {
        if phase == Phase::Delete {
            ensure!(self.site.ws.state()?.addresses().is_empty(), "the state is not empty");
            return self.site.expect_nothing();
        }
        let vmid = self.site.expect_only("db")?;
        let guest = self.site.guest(vmid)?;
        ensure!(guest.running && guest.pending.is_empty(), "it does not run, or changes wait: {guest:#?}");
        ensure!(guest.node == self.node(), "it is not on {}", self.node());
        let size = format!("size={}", self.size());
        ensure!(self.site.setting(vmid, "mp0").contains(&size), "{}", self.site.setting(vmid, "mp0"));
        ensure!(self.site.setting(vmid, "mp2").is_empty() != self.added, "mp2 is there or not");
        for data in &self.data {
            ensure!(self.site.holding(data).len() == 1, "the bytes of a volume are not where they were");
        }
        if let Some(data) = self.data.first() {
            ensure!(self.site.fingerprint(vmid, "mp0")? == *data, "other bytes are mounted");
        }
        self.site.ws.expect_empty_plan().map(drop)
    }

    fn whole(mut self) -> Result<Self> {
        for cycle in CYCLES {
            if cycle == CYCLES[1] {
                self.begin()?;
            }
            while cycle.iter().any(|phase| !self.ended.contains(phase)) {
                for phase in cycle {
                    self.case(*phase)?;
                }
            }
        }
        Ok(self)
    }

    /// A container with data: on a mount, and on a volume that was detached and is kept.
    fn begin(&mut self) -> Result<()> {
        self.begun = true;
        self.site.converge(&self.declared())?;
        let vmid = self.site.vmid()?;
        self.data = vec![self.site.write(vmid, "mp0")?, self.site.write_more(vmid, "mp1")?];
        self.begun = false;
        self.site.converge(&self.declared())?;
        self.check(Phase::Create)
    }

    fn cases(&self) -> u32 {
        self.killed.values().flat_map(BTreeMap::values).sum()
    }
}

/// A path without the numbers and names that differ from run to run.
fn general(path: &str) -> String {
    let part = |part: &str| match part {
        part if part.starts_with("UPID:") => "{upid}".to_owned(),
        part if part.parse::<u32>().is_ok() => "{vmid}".to_owned(),
        part => part.to_owned(),
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

#[test]
fn killed_at_every_request() -> Result<()> {
    ready!();
    let started = Instant::now();
    let half = |effect: Effect| move || Half::new(effect)?.whole();
    let (before, after) = std::thread::scope(|scope| {
        let before = scope.spawn(half(Effect::KillClientBefore));
        let after = scope.spawn(half(Effect::KillClientAfter));
        (before.join().expect("no panic"), after.join().expect("no panic"))
    });
    let (before, after) = (before?, after?);
    let mut told = String::new();
    for (name, half) in [("before", &before), ("after", &after)] {
        for (phase, kinds) in &half.killed {
            let sum: u32 = kinds.values().sum();
            writeln!(told, "killed {name}: {phase:?} {sum} requests, {} kinds", kinds.len())?;
        }
    }
    let (cases, seconds) = (before.cases() + after.cases(), started.elapsed().as_secs());
    writeln!(std::io::stderr(), "{told}crash matrix of containers: {cases} kills in {seconds} s")?;
    for half in [&before, &after] {
        let kinds = |phase: Phase| half.killed[&phase].keys().cloned().collect::<Vec<_>>().join("\n");
        for (phase, step) in [
            (Phase::Create, "POST /nodes/pve1/lxc"),
            (Phase::Create, "/status/start"),
            (Phase::Add, "/resize"),
            (Phase::Add, "PUT /nodes/"),
            (Phase::Remove, "/status/shutdown"),
            (Phase::Migrate, "/migrate"),
            (Phase::Rebuild, "POST /nodes/pve"),
            (Phase::Rebuild, "/move_volume"),
            (Phase::Rebuild, "DELETE /nodes/pve"),
            (Phase::Delete, "DELETE /nodes/pve1/lxc/{vmid}"),
        ] {
            ensure!(kinds(phase).contains(step), "{phase:?} was never killed at {step}:\n{}", kinds(phase));
        }
    }
    Ok(())
}
