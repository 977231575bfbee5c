//! The crash matrix: the provider is killed before and after every request that writes, and at every kind of read in
//! between, in every phase of a guest's life; the next run must converge: no orphan, no duplicate, no data lost.

mod points;

use std::collections::{BTreeMap, VecDeque};
use std::io::Write as _;
use std::time::Instant;

use acceptance_tests::Output;
use anyhow::{Context as _, Result, ensure};
use hybridops_lab::{Effect, RequestFault};

use self::points::{Point, points};
use crate::ready;
use crate::support::{Site, Vm};

/// What happens to the guest, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    /// Cloned, its disk moved and grown, others made, started.
    Create,
    /// A disk grows, one moves, one is deleted, one kept aside, one made; cards; restarted.
    Change,
    /// To another node while it runs.
    Migrate,
    /// Stopped by a change of `power`.
    Stop,
    Delete,
}

const PHASES: [Phase; 5] = [Phase::Create, Phase::Change, Phase::Migrate, Phase::Stop, Phase::Delete];

/// Writes that each phase must have been killed at: a matrix that does not get there proves nothing.
const MUST: [(Phase, &[&str]); 5] = [
    (Phase::Create, &["/clone$", "/config$", "/move_disk$", "/resize$", "/status/start$"]),
    (Phase::Change, &["/config$", "/move_disk$", "/resize$", "/status/shutdown$", "/status/start$"]),
    (Phase::Migrate, &["/migrate$"]),
    (Phase::Stop, &["/status/shutdown$"]),
    (Phase::Delete, &["DELETE "]),
];

fn declared(phase: Phase) -> Vm {
    let disks = match phase {
        Phase::Create => {
            "scsi0 = { storage = \"shared\", size = \"3M\" }
             scsi1 = { storage = \"local\", size = \"1M\" }
             scsi2 = { storage = \"shared\", size = \"1M\", on_detach = \"delete\" }
             scsi3 = { storage = \"shared\", size = \"1M\" }"
        }
        _ => {
            "scsi0 = { storage = \"shared\", size = \"5M\" }
             scsi1 = { storage = \"shared\", size = \"1M\" }
             scsi4 = { storage = \"shared\", size = \"2M\" }"
        }
    };
    let cards = match phase {
        Phase::Create => "net0 = { bridge = \"vmbr0\", vlan = 3 }",
        _ => "net0 = { bridge = \"vmbr0\", vlan = 4 }\nnet2 = { bridge = \"vmbr0\" }",
    };
    Vm::bare("web", if phase >= Phase::Migrate { "pve2" } else { "pve1" })
        .set("clone", "{ template = \"debian\" }")
        .set("disks", format!("{{ {disks} }}"))
        .set("network", format!("{{ {cards} }}"))
        .set("memory", if phase == Phase::Create { "256" } else { "512" })
        .text("description", &format!("{phase:?}"))
        .text("apply_mode", "reboot")
        .text("power", if phase >= Phase::Stop { "stopped" } else { "running" })
}

/// One part of the matrix: a cluster and a workspace whose guest lives and dies once a round.
struct Part {
    site: Site,
    todo: BTreeMap<Phase, VecDeque<Point>>,
    /// Fingerprints of what was written into scsi1 and scsi3.
    data: Vec<String>,
    struck: Vec<(Phase, Point)>,
    runs: u32,
}

impl Part {
    fn new() -> Result<Self> {
        let (todo, data, struck) = Default::default();
        Ok(Self { site: Site::cluster()?, todo, data, struck, runs: 0 })
    }

    fn run(&mut self, phase: Phase) -> Result<Output> {
        self.runs += 1;
        if phase == Phase::Delete { self.site.ws.destroy() } else { self.site.ws.apply() }
    }

    /// A life without a kill; answers the points where one is to strike.
    fn life(&mut self) -> Result<Vec<(Phase, Point)>> {
        let mut all = Vec::new();
        for phase in PHASES {
            self.site.declare(&declared(phase))?;
            self.site.lab.journal().clear();
            self.run(phase)?.ok()?;
            all.extend(points(&self.site.lab.journal().all()).into_iter().map(|point| (phase, point)));
            self.check(phase).with_context(|| format!("{phase:?} without a kill"))?;
        }
        Ok(all)
    }

    /// Kills the provider at the next point of a phase, and lets the next run mend it.
    fn case(&mut self, phase: Phase) -> Result<()> {
        self.site.declare(&declared(phase))?;
        let Some(point) = self.todo.get_mut(&phase).and_then(VecDeque::pop_front) else {
            self.run(phase)?.ok()?;
            return if phase == Phase::Create { self.write() } else { Ok(()) };
        };
        self.site.lab.journal().clear();
        let (method, path, nth, effect) =
            (point.method.clone(), point.path.clone(), point.nth, point.effect.clone());
        self.site.lab.faults().add(RequestFault { method, path, nth, times: 1, effect })?;
        let killed = self.run(phase)?;
        self.site.lab.faults().clear();
        let struck = self.site.lab.journal().all().iter().any(|entry| entry.fault.is_some());
        if !struck && !point.writes() {
            // A task that ended sooner is asked about less often.
            killed.ok()?;
            return self.check(phase);
        }
        let mend = || -> Result<()> {
            ensure!(struck, "the request did not come again");
            killed.fails()?;
            self.run(phase)?.ok()?;
            self.check(phase)
        };
        mend().with_context(|| format!("{phase:?} killed at {point:?}"))?;
        self.struck.push((phase, point));
        Ok(())
    }

    fn volume(&self, vmid: u32, slot: &str) -> Result<String> {
        let volume = self.site.volume(vmid, slot);
        let node = self.site.guest(vmid)["node"].as_str().unwrap_or_default().to_owned();
        self.site.lab.volume_fingerprint(&node, &volume).with_context(|| format!("{slot} is {volume:?}"))
    }

    /// Writes into two disks as the guest would.
    fn write(&mut self) -> Result<()> {
        let vmid = self.site.vmid()?;
        self.data.clear();
        for (slot, byte) in [("scsi1", 7_u8), ("scsi3", 9)] {
            self.site.lab.write_volume("pve1", &self.site.volume(vmid, slot), &[byte; 4096])?;
            let written = self.volume(vmid, slot)?;
            self.data.push(written);
        }
        Ok(())
    }

    fn check(&mut self, phase: Phase) -> Result<()> {
        let orphans: Vec<_> =
            self.site.lab.volumes().into_iter().filter(|volume| volume.used_by.is_none()).collect();
        ensure!(orphans.is_empty(), "nobody has {orphans:?}");
        if phase == Phase::Delete {
            ensure!(self.site.ws.state()?.addresses().is_empty(), "the state is not empty");
            return self.site.expect_nothing();
        }
        let vmid = self.site.expect_only("web")?;
        let guest = self.site.guest(vmid);
        ensure!(
            guest["node"] == if phase >= Phase::Migrate { "pve2" } else { "pve1" },
            "on {}",
            guest["node"]
        );
        ensure!(guest["running"] == (phase < Phase::Stop), "running: {}", guest["running"]);
        let has = |key: &str, part: &str| {
            let value = self.site.setting(vmid, key);
            ensure!(value.contains(part) && (part.is_empty() == value.is_empty()), "{key} is {value:?}");
            Ok(())
        };
        has("description", &format!("{phase:?}"))?;
        has("scsi1", if phase == Phase::Create { "local:" } else { "shared:" })?;
        has("net0", if phase == Phase::Create { "tag=3" } else { "tag=4" })?;
        if phase == Phase::Create {
            has("scsi0", "size=3M")?;
            has("scsi2", "size=1M")?;
            has("unused0", "")?;
            self.write()?;
        } else {
            has("scsi0", "size=5M")?;
            has("scsi2", "")?;
            has("scsi3", "")?;
            has("scsi4", "size=2M")?;
            has("net2", "bridge=vmbr0")?;
            has("memory", "512")?;
            let unused = (0..9).map(|n| format!("unused{n}"));
            let unused: Vec<_> = unused.filter(|slot| !self.site.setting(vmid, slot).is_empty()).collect();
            let [kept] = unused.as_slice() else { anyhow::bail!("{unused:?} were kept") };
            let data = [self.volume(vmid, "scsi1")?, self.volume(vmid, kept)?];
            ensure!(self.data == data, "the guest's data is lost");
        }
        self.site.ws.expect_empty_plan().map(drop)
    }

    /// Round after round, as long as there is a point where nothing has struck yet.
    fn whole(mut self) -> Result<Self> {
        while let Some(last) =
            PHASES.into_iter().rfind(|phase| self.todo.get(phase).is_some_and(|todo| !todo.is_empty()))
        {
            // The deletion ends every round; the others go as far as there is something to do.
            let last = if last == Phase::Delete { self.last_but_deletion() } else { last };
            for phase in PHASES.into_iter().filter(|phase| *phase <= last || *phase == Phase::Delete) {
                self.case(phase)?;
            }
        }
        Ok(self)
    }

    fn last_but_deletion(&self) -> Phase {
        let busy = |phase: &Phase| self.todo.get(phase).is_some_and(|todo| !todo.is_empty());
        PHASES.into_iter().filter(|phase| *phase != Phase::Delete).rfind(busy).unwrap_or(Phase::Create)
    }
}

#[test]
fn killed_at_every_write() -> Result<()> {
    ready!();
    let started = Instant::now();
    let mut parts = [Part::new()?, Part::new()?];
    let all = parts[0].life()?;
    // What takes longest is dealt out evenly.
    for (number, (phase, point)) in all.iter().enumerate() {
        parts[number % 2].todo.entry(*phase).or_default().push_back(point.clone());
    }
    let [one, two] = parts;
    let (one, two) = std::thread::scope(|scope| {
        let (one, two) = (scope.spawn(|| one.whole()), scope.spawn(|| two.whole()));
        (one.join().expect("no panic"), two.join().expect("no panic"))
    });
    let (one, two) = (one?, two?);
    let struck: Vec<&(Phase, Point)> = one.struck.iter().chain(&two.struck).collect();
    let mut told = String::new();
    for phase in PHASES {
        let of = || struck.iter().filter(|(at, _)| *at == phase);
        let writes = of().filter(|(_, point)| point.writes()).count();
        told.push_str(&format!("killed {phase:?}: {writes} at writes, {} at reads\n", of().count() - writes));
    }
    writeln!(
        std::io::stderr(),
        "{told}crash matrix: {} kills in {} runs of terraform, {} s",
        struck.len(),
        one.runs + two.runs,
        started.elapsed().as_secs()
    )?;
    for (phase, steps) in MUST {
        for (step, effect) in
            steps.iter().flat_map(|step| [(step, Effect::KillClientBefore), (step, Effect::KillClientAfter)])
        {
            let met = |(at, point): &&&(Phase, Point)| {
                let asked = format!("{} {}", point.method, point.path);
                *at == phase && point.writes() && asked.contains(step) && point.effect == effect
            };
            ensure!(struck.iter().find(met).is_some(), "{phase:?} was never struck by {effect:?} at {step}");
        }
    }
    Ok(())
}
