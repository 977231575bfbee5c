use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn plan(others: usize) -> Plan {
    Plan {
        cluster: "platform".into(),
        epoch: 2,
        snapshot: "etcd-snapshot-a-1763778000".into(),
        first: "s0".into(),
        others: (1..=others).map(|number| format!("s{number}")).collect(),
    }
}

/// A server as far as a restore goes.
#[derive(Debug, Clone, Default)]
struct Server {
    runs: bool,
    frozen: bool,
    /// The generation of its data: 0 before the restore, 1 restored. Nothing where it has none.
    data: Option<u8>,
    aside: Option<u8>,
    staged: bool,
    note: Note,
}

/// Servers that can be killed at each single change, ours as well as theirs.
#[derive(Debug)]
struct World {
    servers: BTreeMap<String, Server>,
    /// Changes that are still made before the provider is killed.
    left: usize,
}

#[derive(Debug)]
struct Killed;

impl World {
    fn change(&mut self, server: &str, change: impl FnOnce(&mut Server)) -> Result<(), Killed> {
        self.left = self.left.checked_sub(1).ok_or(Killed)?;
        change(self.servers.get_mut(server).unwrap());
        self.invariants();
        Ok(())
    }

    /// What must never be, whenever it is looked at.
    fn invariants(&self) {
        let generations: BTreeSet<u8> =
            self.servers.values().filter(|server| server.runs).filter_map(|server| server.data).collect();
        assert!(generations.len() <= 1, "two clusters run side by side: {self:#?}");
        let anywhere = self.servers.values().any(|s| s.data.is_some() || s.aside.is_some() || s.staged);
        assert!(anywhere, "all data is gone");
    }

    /// A machine that is started anew: what is not frozen comes up with what it has.
    fn reboot(&mut self, server: &str) {
        let server = self.servers.get_mut(server).unwrap();
        if !server.frozen && server.data.is_some() {
            server.runs = true;
        }
        self.invariants();
    }

    fn act(&mut self, plan: &Plan, step: &Step) -> Result<(), Killed> {
        match step {
            Step::Stage => self.change(&plan.first, |server| server.staged = true),
            Step::Freeze => {
                plan.servers().try_for_each(|name| self.change(name, |server| server.frozen = true))
            }
            Step::Stop => plan.servers().try_for_each(|name| self.change(name, |server| server.runs = false)),
            Step::Reset => {
                assert!(self.servers.values().all(|server| !server.runs), "reset while a server runs");
                assert!(self.servers[&plan.first].staged);
                self.change(&plan.first, |server| server.data = Some(1))
            }
            Step::Start => {
                self.change(&plan.first, |server| server.frozen = false)?;
                self.change(&plan.first, |server| server.runs = true)
            }
            Step::Admit(name) => {
                assert!(self.servers[&plan.first].runs, "nobody to join");
                if self.servers[name].aside.is_none() {
                    self.change(name, |server| server.aside = server.data.take())?;
                }
                self.change(name, |server| server.frozen = false)?;
                self.change(name, |server| {
                    server.runs = true;
                    server.data = Some(1);
                })
            }
            Step::Agents | Step::Tidy | Step::Snapshot => Ok(()),
            Step::Clear => {
                plan.servers().try_for_each(|name| self.change(name, |server| server.aside = None))
            }
        }
    }

    fn run(&mut self, plan: &Plan) -> Result<(), Killed> {
        let notes: Vec<(String, Note)> =
            self.servers.iter().map(|(name, server)| (name.clone(), server.note.clone())).collect();
        let mut note = match next(plan, &notes) {
            Next::Ended(_) => return Ok(()),
            Next::Other(other) => panic!("another is under way: {other:?}"),
            Next::Resume(note) => note,
            Next::Begin => {
                let note = Note { plan: plan.hash(), epoch: plan.epoch, ..Note::default() };
                for name in plan.servers() {
                    self.change(name, |server| server.note = note.clone())?;
                }
                note
            }
        };
        for step in remaining(plan, &note) {
            self.act(plan, &step)?;
            note.done.push(step.to_string());
            self.change(&plan.first, |server| server.note = note.clone())?;
        }
        note.ended = true;
        // The first is the last: its note is what a next run goes by.
        for name in plan.others.iter().chain([&plan.first]) {
            self.change(name, |server| server.note = note.clone())?;
        }
        Ok(())
    }
}

proptest! {
    #[test]
    fn whenever_it_is_killed_it_goes_on_to_the_end(
        others in 0_usize..5, kills in prop::collection::vec(0_usize..40, 0..8), reboots in prop::collection::vec(0_usize..5, 0..8),
    ) {
        let plan = plan(others);
        let server = Server { runs: true, data: Some(0), ..Server::default() };
        let servers = plan.servers().map(|name| (name.clone(), server.clone())).collect();
        let mut world = World { servers, left: 0 };
        for (index, kill) in kills.iter().enumerate() {
            world.left = *kill;
            let _ = world.run(&plan);
            if let Some(which) = reboots.get(index) {
                let name = plan.servers().nth(which % (others + 1)).unwrap().clone();
                world.reboot(&name);
            }
        }
        world.left = usize::MAX;
        world.run(&plan).unwrap();
        for (name, server) in &world.servers {
            prop_assert!(server.runs && !server.frozen && server.data == Some(1), "{}: {:?}", name, server);
            prop_assert!(server.aside.is_none() && server.note.ended);
        }
        // Again: it has ended.
        world.left = 0;
        prop_assert!(world.run(&plan).is_ok());
    }
}

#[test]
fn steps_are_written_as_they_are_read() {
    for step in plan(3).steps() {
        assert_eq!(step.to_string().parse(), Ok(step));
    }
    assert_eq!("dance".parse::<Step>(), Err(()));
}

#[test]
fn another_that_is_under_way_comes_first() {
    let plan = plan(2);
    let ours = Note { plan: plan.hash(), ..Note::default() };
    let other = Note { plan: "feed".into(), epoch: 1, ..Note::default() };
    let notes = |a: &Note, b: &Note| vec![("s0".to_owned(), a.clone()), ("s1".to_owned(), b.clone())];
    assert_eq!(next(&plan, &notes(&ours, &other)), Next::Other(other.clone()));
    let over = Note { ended: true, ..other };
    assert_eq!(next(&plan, &notes(&ours, &over)), Next::Resume(ours.clone()));
    let ended = Note { ended: true, ..ours };
    assert_eq!(next(&plan, &notes(&ended, &over)), Next::Ended(ended));
    assert_eq!(next(&plan, &notes(&over, &over)), Next::Begin);
    // A note that did not reach the first server: nothing was done under it.
    let begun = Note { plan: plan.hash(), ..Note::default() };
    assert_eq!(next(&plan, &notes(&Note::default(), &begun)), Next::Begin);
}
