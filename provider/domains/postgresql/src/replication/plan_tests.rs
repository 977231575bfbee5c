//! A cluster that is played: every step has its effect, every step may be the last before a kill, machines die and
//! links are cut in between. Whatever happens, two members never take writes at once, and without disturbances the
//! plan comes to its end.

use proptest::prelude::*;

use super::super::facts::{Server, Slot};
use super::*;

const SYSTEM: u64 = 7_710_703_029_256_789_848;

#[derive(Debug, Clone)]
struct Node {
    reachable: bool,
    reaches_store: bool,
    alive: bool,
    standby: bool,
    timeline: u32,
    lsn: u64,
    parents: Vec<(u32, Lsn)>,
    clean: bool,
    fence: bool,
    tended: &'static str,
    ready: bool,
    container: bool,
    /// Stopped with its container, as a fence.
    stopped: bool,
}

#[derive(Debug, Clone)]
struct Cluster {
    nodes: BTreeMap<String, Node>,
    epoch: Option<Epoch>,
    proofs: BTreeMap<String, Proof>,
    now: i64,
    lease: bool,
}

const MARGIN: i64 = 5;
const HELD: i64 = 60;

impl Cluster {
    fn new(containers: bool, lease: bool) -> Self {
        let node = |standby: bool| Node {
            reachable: true,
            reaches_store: true,
            alive: true,
            standby,
            timeline: 1,
            lsn: 1000,
            parents: Vec::new(),
            clean: false,
            fence: false,
            tended: "",
            ready: false,
            container: containers,
            stopped: false,
        };
        let nodes = [("a", false), ("b", true), ("c", true)];
        let nodes = nodes.map(|(name, standby)| (name.to_owned(), node(standby))).into();
        Self { nodes, epoch: None, proofs: BTreeMap::new(), now: 1000, lease }
    }

    fn wish(&self, epoch: u64, primary: &str) -> Wish {
        let member = |(name, node): (&String, &Node)| {
            let to_be = MemberWish {
                can_be_fenced: node.container,
                slot: name.clone(),
                guard: "g".into(),
                as_primary: "primary".into(),
                as_standby: format!("of {primary}"),
                password_version: "1".into(),
                lost: None,
            };
            (name.clone(), to_be)
        };
        Wish {
            epoch,
            primary: primary.into(),
            members: self.nodes.iter().map(member).collect(),
            margin: MARGIN,
            accept_unfenced: None,
            accept_loss: BTreeMap::new(),
            max_lag: 500,
        }
    }

    fn world(&self) -> World {
        let sight = |(name, node): (&String, &Node)| {
            let sight = if node.reachable {
                Sight::Seen(Box::new(self.facts(node)))
            } else {
                Sight::Hidden { why: "no route".into(), proof: self.proofs.get(name).cloned() }
            };
            (name.clone(), sight)
        };
        World { epoch: self.epoch.clone(), members: self.nodes.iter().map(sight).collect(), now: self.now }
    }

    fn facts(&self, node: &Node) -> Member {
        let slots = self.nodes.keys().map(|name| Slot { name: name.clone(), ..Slot::default() }).collect();
        let server = Server {
            in_recovery: node.standby,
            timeline: node.timeline,
            lsn: Lsn(node.lsn),
            streaming: node.standby && self.primary().is_some(),
            slots,
            ..Server::default()
        };
        let settings = if node.tended.is_empty() { None } else { Some(node.tended) };
        let follows = self.epoch.as_ref().map(|epoch| format!("of {}", epoch.holder));
        Member {
            installed: true,
            data: Data::Present,
            system_id: Some(SYSTEM),
            control: if node.clean { "shut down".into() } else { "in production".into() },
            checkpoint: Lsn(node.lsn - 1),
            timeline: node.timeline,
            parents: node.parents.clone(),
            standby: node.standby,
            fence: node.fence.then(|| "fenced".into()),
            alive: node.alive,
            guard: node.ready.then(|| "g".into()),
            password_version: Some("1".into()),
            settings: settings
                .map(|tended| if tended == "standby" { follows.unwrap_or_default() } else { tended.into() }),
            server: node.alive.then_some(server),
            ..Member::default()
        }
    }

    fn primary(&self) -> Option<(&String, &Node)> {
        self.nodes.iter().find(|(_, node)| node.alive && !node.standby)
    }

    fn node(&mut self, name: &str) -> &mut Node {
        self.nodes.get_mut(name).unwrap()
    }

    /// Lets time pass: holders renew where they reach the store, and stop where they could not in time.
    fn pass(&mut self, seconds: i64) {
        for _ in 0..seconds {
            self.now += 1;
            self.write();
            let now = self.now;
            let Some(epoch) = &mut self.epoch else { continue };
            if !self.lease {
                continue;
            }
            let (held, expires) = (epoch.holder.clone(), epoch.expires);
            for (name, node) in &mut self.nodes {
                if !node.alive || node.standby {
                    continue;
                }
                if node.reaches_store && *name == held {
                    epoch.expires = now + HELD;
                    epoch.renewed = now;
                } else if node.reaches_store || (expires != 0 && now >= expires - 20) {
                    node.alive = false;
                    node.fence = true;
                }
            }
        }
    }

    /// The primary writes, and whoever streams has it.
    fn write(&mut self) {
        let Some(name) = self.primary().map(|(name, _)| name.clone()) else { return };
        self.node(&name).lsn += 7;
        let primary = self.nodes[&name].clone();
        for other in self.nodes.values_mut() {
            if primary.reachable
                && other.reachable
                && other.alive
                && other.standby
                && other.timeline == primary.timeline
            {
                other.lsn = primary.lsn;
            }
        }
    }

    /// What a step does; `Err` where it refuses or cannot be done.
    fn act(&mut self, step: &Step, wish: &Wish) -> Result<(), String> {
        let reached = |node: &Node| if node.reachable { Ok(()) } else { Err("not reached".to_owned()) };
        match step {
            Step::Guard(name) => {
                reached(self.node(name))?;
                self.node(name).ready = true;
            }
            Step::Found => {
                let mut epoch = Epoch::first("db", SYSTEM, &wish.primary, 1);
                epoch.expires = if self.lease { self.now + HELD } else { 0 };
                self.epoch = Some(epoch);
            }
            Step::Watch(_) | Step::AwaitLease(_) => {
                let before = self.epoch.as_ref().map(|epoch| epoch.renewed);
                self.pass(if matches!(step, Step::Watch(_)) { 15 } else { HELD + MARGIN + 1 });
                if self.epoch.as_ref().map(|epoch| epoch.renewed) != before {
                    return Err("alive".into());
                }
            }
            Step::Fence(name) => {
                let node = self.node(name);
                (node.alive, node.stopped) = (false, true);
                self.proofs.insert(name.clone(), Proof::Container("stopped".into()));
            }
            Step::Streams { old, new } => {
                // What was written since arrives, or the stream is none.
                let (timeline, end) = (self.node(old).timeline, self.node(old).lsn + 1);
                self.node(old).lsn = end;
                let node = self.node(new);
                if !(node.reachable && node.alive && node.timeline == timeline) {
                    return Err("no stream".into());
                }
                node.lsn = end;
            }
            Step::Quiesce(name) => {
                let node = self.node(name);
                reached(node)?;
                node.fence = true;
                if node.alive {
                    node.alive = false;
                    node.clean = true;
                    // The shutdown's own record goes to those who stream.
                    node.lsn += 1;
                    let (timeline, end) = (node.timeline, node.lsn);
                    for other in self.nodes.values_mut().filter(|other| other.alive && other.standby) {
                        if other.timeline == timeline && other.reachable {
                            other.lsn = end;
                        }
                    }
                }
            }
            Step::Start(name) | Step::Release(name) => {
                let node = self.node(name);
                reached(node)?;
                (node.alive, node.stopped) = (true, false);
                node.clean = false;
                if matches!(step, Step::Release(_)) {
                    node.fence = false;
                }
            }
            Step::HandOver { old, new } => {
                let Node { alive, timeline, lsn, .. } = self.node(old).clone();
                assert!(!alive, "what it may yet write is not known");
                let node = self.node(new);
                reached(node)?;
                if node.timeline == timeline {
                    node.lsn = node.lsn.max(lsn);
                }
            }
            Step::CaughtUp { old, new } => {
                if self.nodes[new].lsn < self.nodes[old].lsn {
                    return Err("behind".into());
                }
            }
            Step::Raise { unfenced } => {
                let epoch = self.epoch.as_ref().unwrap();
                let begins = self.nodes[&wish.primary].timeline + 1;
                let mut next = epoch.next(&wish.primary, begins.max(epoch.timeline));
                next.unfenced = *unfenced;
                next.expires = if self.lease { self.now + HELD } else { 0 };
                self.epoch = Some(next);
            }
            Step::Promote(name) => {
                assert_eq!(&self.epoch.as_ref().unwrap().holder, name, "promoted without the epoch");
                let node = self.node(name);
                reached(node)?;
                node.fence = false;
                if node.standby {
                    node.parents.push((node.timeline, Lsn(node.lsn)));
                    node.timeline += 1;
                    node.standby = false;
                    node.lsn += 20;
                }
            }
            Step::Tend(name) => self.node(name).tended = "primary",
            Step::Follow(name) | Step::Rejoin(name) | Step::Clone(name) => {
                let Some((_, primary)) = self.primary() else { return Err("no primary".into()) };
                let (timeline, lsn, parents) = (primary.timeline, primary.lsn, primary.parents.clone());
                let node = self.node(name);
                reached(node)?;
                assert!(!node.alive || node.standby, "{name} was made a standby while it took writes");
                if matches!(step, Step::Follow(_)) {
                    assert!(node.timeline <= timeline, "{name} cannot follow an older timeline");
                    let fork = parents.iter().find(|(parent, _)| *parent == node.timeline);
                    assert!(
                        fork.is_none_or(|(_, end)| node.lsn <= end.0),
                        "{name} follows with WAL of its own"
                    );
                    (node.alive, node.stopped) = (true, false);
                    node.clean = false;
                }
                (node.timeline, node.lsn, node.parents) = (timeline, lsn, parents);
                (node.standby, node.fence, node.tended) = (true, true, "standby");
            }
            Step::Password(_) | Step::Drain(_) | Step::Archived(_) | Step::Backup(_) => {}
        }
        self.pass(1);
        let primaries: Vec<&String> =
            self.nodes.iter().filter(|(_, node)| node.alive && !node.standby).map(|(name, _)| name).collect();
        assert!(primaries.len() <= 1, "two take writes after {step:?}: {primaries:?}");
        Ok(())
    }

    /// Plans and acts until there is nothing left, or something refuses. Ends after `kill` steps.
    fn apply(&mut self, wish: &Wish, mut kill: usize) -> Result<bool, String> {
        // What an apply proved is not remembered by the next one.
        self.proofs.clear();
        for _ in 0..12 {
            let steps = plan(&self.world(), wish).map_err(|refused| refused.to_string())?;
            if steps.is_empty() {
                return Ok(true);
            }
            for step in steps {
                if kill == 0 {
                    return Ok(false);
                }
                kill -= 1;
                self.act(&step, wish)?;
            }
        }
        panic!("no end: {:?} {:?}", plan(&self.world(), wish), self.world());
    }
}

fn founded(containers: bool, lease: bool) -> Cluster {
    let mut cluster = Cluster::new(containers, lease);
    assert_eq!(cluster.apply(&cluster.wish(1, "a"), 1000), Ok(true));
    cluster
}

#[test]
fn what_a_primary_did_not_send_is_carried_from_its_disk() {
    for clean in [false, true] {
        let mut cluster = founded(false, false);
        // It wrote what nobody got, and is down.
        let old = cluster.node("a");
        (old.lsn, old.alive, old.clean) = (old.lsn + 300, false, clean);
        let end = old.lsn;
        let wish = cluster.wish(2, "b");
        assert_eq!(cluster.apply(&wish, 1000), Ok(true));
        assert!(cluster.node("b").parents.last().unwrap().1.0 >= end, "lost");
    }
}

#[test]
fn a_cluster_is_founded_and_then_nothing_is_left_to_do() {
    let cluster = founded(true, true);
    assert_eq!(plan(&cluster.world(), &cluster.wish(1, "a")).unwrap(), []);
}

#[test]
fn what_must_be_refused_is_refused() {
    let cluster = founded(false, false);
    let refused = |cluster: &Cluster, wish: &Wish| plan(&cluster.world(), wish).unwrap_err();
    assert!(matches!(refused(&cluster, &cluster.wish(3, "b")), Refused::EpochNumber { held: 1, .. }));
    assert!(matches!(refused(&cluster, &cluster.wish(1, "b")), Refused::Held { .. }));
    assert!(matches!(refused(&cluster, &cluster.wish(2, "a")), Refused::SameHolder { .. }));
    assert!(matches!(refused(&cluster, &cluster.wish(2, "x")), Refused::NoMember { .. }));
    let mut behind = cluster.clone();
    behind.node("a").lsn += 10_000;
    assert!(matches!(refused(&behind, &behind.wish(2, "b")), Refused::NotReady { .. }));
    let mut hidden = cluster.clone();
    hidden.node("a").reachable = false;
    assert!(matches!(refused(&hidden, &hidden.wish(2, "b")), Refused::NotFenced { epoch: 2, .. }));
    let accepted = Wish { accept_unfenced: Some(2), ..hidden.wish(2, "b") };
    assert!(plan(&hidden.world(), &accepted).unwrap().contains(&Step::Raise { unfenced: true }));
    let mut other = cluster.world();
    if let Some(Sight::Seen(member)) = other.members.get_mut("b") {
        member.system_id = Some(5);
    }
    assert!(matches!(plan(&other, &cluster.wish(1, "a")), Err(Refused::OtherSystem { id: 5, .. })));
}

#[test]
fn a_primary_that_renews_its_lease_is_never_replaced() {
    let mut cluster = founded(false, true);
    cluster.node("a").reachable = false;
    assert_eq!(cluster.apply(&cluster.wish(2, "b"), 1000), Err("alive".to_owned()));
    cluster.node("a").reaches_store = false;
    assert_eq!(cluster.apply(&cluster.wish(2, "b"), 1000), Ok(true));
    assert!(!cluster.nodes["a"].alive, "it stopped before the lease ended");
}

#[derive(Debug, Clone)]
enum Event {
    Crash(&'static str),
    Cut(&'static str),
    CutFromStore(&'static str),
    Heal(&'static str),
    Restart(&'static str),
}

fn event() -> impl Strategy<Value = Event> {
    let name = prop_oneof![Just("a"), Just("b"), Just("c")];
    (0..5, name).prop_map(|(kind, name)| match kind {
        0 => Event::Crash(name),
        1 => Event::Cut(name),
        2 => Event::CutFromStore(name),
        3 => Event::Heal(name),
        _ => Event::Restart(name),
    })
}

impl Cluster {
    fn suffer(&mut self, event: &Event) {
        let holder = self.epoch.as_ref().map(|epoch| epoch.holder.clone());
        match event {
            Event::Crash(name) => self.node(name).alive = false,
            Event::Cut(name) => self.node(name).reachable = false,
            Event::CutFromStore(name) => self.node(name).reaches_store = false,
            Event::Heal(name) => {
                let node = self.node(name);
                (node.reachable, node.reaches_store) = (true, true);
            }
            Event::Restart(name) => {
                let lease = self.lease;
                // What was stopped with its container is started by nobody without a thought: that is told in the
                // documentation of `lease`.
                let node = self.node(name);
                let stopped = node.stopped;
                // What the check before the start lets through: a standby; a primary without a flag, who holds the
                // epoch where there is a lease. Without a lease nothing but the flag stands in the way.
                let may = node.standby
                    || (!node.fence && (!lease || (node.reaches_store && holder.as_deref() == Some(*name))));
                if may && !node.alive && (lease || node.standby || !stopped) {
                    node.alive = true;
                    node.clean = false;
                }
            }
        }
        self.pass(3);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn whatever_happens_two_never_take_writes(
        containers: bool,
        lease: bool,
        rounds in proptest::collection::vec((event(), 0_usize..14, any::<bool>(), 0_usize..3), 1..12),
    ) {
        let mut cluster = founded(containers, lease);
        for (event, kill, moves, to) in rounds {
            cluster.suffer(&event);
            let epoch = cluster.epoch.clone().unwrap();
            let to = ["a", "b", "c"][to];
            let wish = if moves && epoch.holder != to {
                cluster.wish(epoch.epoch + 1, to)
            } else {
                cluster.wish(epoch.epoch, &epoch.holder)
            };
            // Refusals and failures are in order; what is asserted is asserted in the steps.
            let _ = cluster.apply(&wish, kill);
        }
        // Everything is repaired: the wish as the epoch stands comes to its end, and once more there is nothing to do.
        for name in ["a", "b", "c"] {
            cluster.suffer(&Event::Heal(name));
        }
        let epoch = cluster.epoch.clone().unwrap();
        let wish = cluster.wish(epoch.epoch, &epoch.holder);
        prop_assert_eq!(cluster.apply(&wish, 1000), Ok(true));
        prop_assert_eq!(cluster.primary().map(|(name, _)| name.clone()), Some(epoch.holder));
        prop_assert_eq!(plan(&cluster.world(), &wish).unwrap(), vec![]);
    }

    #[test]
    fn a_move_that_is_killed_anywhere_is_finished_by_the_next_apply(
        containers: bool, lease: bool, crash: bool, kill in 0_usize..12
    ) {
        let mut cluster = founded(containers, lease);
        if crash {
            cluster.suffer(&Event::Crash("a"));
        }
        let wish = cluster.wish(2, "b");
        let _ = cluster.apply(&wish, kill);
        prop_assert_eq!(cluster.apply(&wish, 1000), Ok(true));
        prop_assert_eq!(cluster.primary().map(|(name, _)| name.as_str()), Some("b"));
        prop_assert_eq!(cluster.epoch.as_ref().map(|epoch| epoch.epoch), Some(2));
    }
}
