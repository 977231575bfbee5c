//! The crash matrix: the provider is killed before and after every single request, in every phase of a template's
//! life, and the next run must converge.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Instant;

use acceptance_tests::Output;
use anyhow::{Context as _, Result, ensure};
use hybridops_lab::{Effect, RequestFault};

use crate::image;
use crate::support::{Image, Site, Template};

/// No phase takes more rounds: a matrix that does not end is a failure.
const MOST: u64 = 90;

/// What is enumerated, one after the other. How often a task is polled is a matter of time, and must not shift the
/// numbers of what matters.
const KINDS: [&str; 2] = ["^/(access|cluster)/|^/nodes/[^/]+/(qemu|storage)", "^/nodes/[^/]+/tasks/"];

/// Which request of a phase is next: of which kind, and the how-manieth.
#[derive(Clone, Copy, Debug)]
struct Next {
    kind: usize,
    nth: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Create,
    Update,
    Delete,
}

const PHASES: [Phase; 3] = [Phase::Create, Phase::Update, Phase::Delete];

/// One half of the matrix: a cluster and a workspace whose template lives and dies once for each number of request.
struct Half {
    site: Site,
    effect: Effect,
    version: u32,
    /// Kills by what was asked for: `POST /nodes/{node}/qemu`.
    killed: BTreeMap<Phase, BTreeMap<String, u32>>,
    next: BTreeMap<Phase, Next>,
    ended: BTreeSet<Phase>,
}

impl Half {
    fn new(image: &'static Image, effect: Effect) -> Result<Self> {
        let site = Site::start(image)?;
        Ok(Self {
            site,
            effect,
            version: 0,
            killed: BTreeMap::new(),
            next: BTreeMap::new(),
            ended: BTreeSet::new(),
        })
    }

    /// Odd and even versions have different images, so that the content tells which one was built.
    fn image(&self) -> &'static str {
        if self.version.is_multiple_of(2) { "disk.qcow2" } else { "other.qcow2" }
    }

    fn declare_next(&mut self) -> Result<()> {
        self.version += 1;
        let template: Template = self
            .site
            .template()
            .text("version", &self.version.to_string())
            .set("image", self.site.image_of(self.image()))
            .set("disk", "{ storage = \"local\", size = \"2M\" }")
            .set("cloud_init", "{ user = \"u\" }");
        self.site.declare(&template)
    }

    fn run(&self, phase: Phase) -> Result<Output> {
        match phase {
            Phase::Create | Phase::Update => self.site.ws.apply(),
            Phase::Delete => self.site.ws.destroy(),
        }
    }

    /// Kills the provider at the next request of a phase, and lets the next run mend it.
    fn case(&mut self, phase: Phase) -> Result<()> {
        let next = *self.next.entry(phase).or_insert(Next { kind: 0, nth: 1 });
        if phase != Phase::Delete {
            self.declare_next()?;
        }
        self.site.lab.journal().clear();
        if !self.ended.contains(&phase) {
            let effect = self.effect.clone();
            let path = KINDS[next.kind].to_owned();
            let fault = RequestFault { method: String::new(), path, nth: next.nth, times: 1, effect };
            self.site.lab.faults().add(fault)?;
        }
        let killed = self.run(phase)?;
        self.site.lab.faults().clear();
        let log = self.site.lab.journal().all();
        let Some(struck) = log.iter().find(|entry| entry.fault.is_some()) else {
            killed.ok()?;
            match next.kind + 1 {
                kind if kind < KINDS.len() => drop(self.next.insert(phase, Next { kind, nth: 1 })),
                _ => drop(self.ended.insert(phase)),
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
        let vmid = self.site.expect_only("debian", self.image())?;
        let tags = self.site.setting(vmid, "tags");
        ensure!(tags == format!("version-{}", self.version), "{tags} is not version {}", self.version);
        ensure!(self.site.setting(vmid, "scsi0").to_string().contains("size=2M"), "the disk has not grown");
        self.site.ws.expect_empty_plan().map(drop)
    }

    fn whole(mut self) -> Result<Self> {
        let mut alive = false;
        for round in 1.. {
            ensure!(round < MOST, "a phase does not end: {:?} did", self.ended);
            for phase in PHASES {
                let others_need_it =
                    PHASES.iter().any(|other| *other != phase && !self.ended.contains(other));
                let needed = match phase {
                    Phase::Create => !alive,
                    Phase::Update => !self.ended.contains(&phase),
                    // Only to be created anew, or at the very end.
                    Phase::Delete => {
                        !self.ended.contains(&phase)
                            || !self.ended.contains(&Phase::Create)
                            || !others_need_it
                    }
                };
                if needed {
                    self.case(phase)?;
                    alive = phase != Phase::Delete;
                }
            }
            if self.ended.len() == PHASES.len() {
                return Ok(self);
            }
        }
        Ok(self)
    }

    fn cases(&self) -> u32 {
        self.killed.values().flat_map(BTreeMap::values).sum()
    }
}

/// A path without the numbers and names that differ from run to run.
fn general(path: &str) -> String {
    let part = |part: &str| match part {
        part if part.starts_with("UPID:") => "{upid}".to_owned(),
        part if part.starts_with("local:") => "{volume}".to_owned(),
        part if part.parse::<u32>().is_ok() => "{vmid}".to_owned(),
        part => part.to_owned(),
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

#[test]
fn killed_at_every_request() -> Result<()> {
    let image = image!();
    let started = Instant::now();
    let half = |effect: Effect| move || Half::new(image, effect)?.whole();
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
    writeln!(std::io::stderr(), "{told}crash matrix: {cases} kills in {seconds} s")?;
    // Both halves saw what matters, and more than a handful.
    for half in [&before, &after] {
        let kinds = |phase: Phase| half.killed[&phase].keys().cloned().collect::<Vec<_>>().join("\n");
        for phase in [Phase::Create, Phase::Update] {
            for step in [
                "download-url",
                "POST /nodes/pve1/qemu",
                "/resize",
                "/template",
                "DELETE /nodes/pve1/storage",
            ] {
                ensure!(
                    kinds(phase).contains(step),
                    "{phase:?} was never killed at {step}:\n{}",
                    kinds(phase)
                );
            }
        }
        for phase in [Phase::Update, Phase::Delete] {
            ensure!(kinds(phase).contains("DELETE /nodes/pve1/qemu/{vmid}"), "{phase:?}:\n{}", kinds(phase));
        }
    }
    Ok(())
}
