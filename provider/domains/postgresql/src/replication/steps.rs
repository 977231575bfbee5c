//! What each step does.

use std::time::Duration;

use hosts::containers::ContainerId;
use tf_framework::Diagnostic;
use transport_ssh::Input;

use super::act::{Cluster, MARGIN, Memory, estimate, now, seen, store_error};
use super::facts::{Member, milliseconds};
use super::member::{Node, leading, password_line, step};
use super::plan::{Proof, Step, World};
use super::refusal::Refused;
use super::report::Report;
use crate::errors::{Error, Refusal};
use crate::store::epoch::{Seen, Written};
use crate::store::{Condition, Epoch, Lsn};

/// A value of what a script said.
pub(super) fn value<'a>(said: &'a str, name: &str) -> Option<&'a str> {
    said.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('=')).filter(|value| !value.is_empty())
}

/// Seconds without progress after which a standby has replayed all there is.
pub(super) const STILL: &str = "3";

/// Seconds a standby may take to replay what the old primary wrote last.
pub(super) const CATCH_UP: &str = "60";

/// Seconds that a write may take to arrive on a standby before its stream is called dead.
const ARRIVAL: &str = "20";

/// How long the archive may take to show the new timeline.
const ARCHIVE: Duration = Duration::from_secs(180);

/// The largest segment that PostgreSQL knows, in bytes.
pub(super) const SEGMENT: usize = 1 << 30;

impl Cluster {
    pub(super) async fn act(&self, step: &Step, world: &World, memory: &mut Memory) -> Result<(), Error> {
        match step {
            Step::Guard(name) => self.install(self.node(name)?).await,
            Step::Password(name) => self.send_password(self.node(name)?).await,
            Step::Found => self.found(world).await,
            Step::Watch(name) => self.watch(name, Duration::from_secs(self.interval() * 2)).await,
            Step::AwaitLease(name) => self.await_lease(name, memory).await,
            Step::Fence(name) => self.fence(name, memory).await,
            Step::Streams { old, new } => self.streams(old, new).await,
            Step::Quiesce(name) => self.quiesce(name, memory).await,
            Step::Start(name) => self.simple(name, "starting the standby", START).await,
            Step::Release(name) => self.simple(name, "bringing back the server", step!("release")).await,
            Step::HandOver { old, new } => self.hand_over(old, new, world, memory).await,
            Step::CaughtUp { old, new } => self.caught_up(old, new, world, memory).await,
            Step::Drain(name) => self.drain(name, world, memory).await,
            Step::Raise { unfenced } => self.raise(*unfenced, world, memory).await,
            Step::Promote(name) => self.promote(name, memory).await,
            Step::Archived(name) => self.archived(name, memory).await,
            Step::Backup(name) => self.simple(name, "beginning a backup", step!("backup")).await,
            Step::Tend(name) => self.tend(name).await,
            Step::Follow(name) => self.follow(name, memory).await,
            Step::Rejoin(name) => self.rejoin(name, memory).await,
            Step::Clone(name) => self.clone_member(name).await,
        }
    }

    pub(super) fn node(&self, name: &str) -> Result<&Node, Error> {
        self.nodes
            .get(name)
            .ok_or_else(|| Refusal::from(Refused::NoMember { member: name.to_owned() }).into())
    }

    fn leader(&self) -> Result<&Node, Error> {
        self.node(&self.primary)
    }

    /// Seconds between renewals.
    fn interval(&self) -> u64 {
        let seconds = self.lease.as_ref().map_or(0, |lease| lease.seconds / 6);
        u64::try_from(seconds).unwrap_or(0).max(2)
    }

    async fn simple(&self, name: &str, what: &str, script: &str) -> Result<(), Error> {
        self.node(name)?.run(what, script, &[], Input::Nothing, &self.budget).await.map(drop)
    }

    async fn install(&self, node: &Node) -> Result<(), Error> {
        let (files, digest) = self.guard(node);
        let kind = if self.lease.is_some() { "lease" } else { "none" };
        let input = Input::Bytes(files.into_bytes().into());
        node.run("installing the fence", Self::guard_script(), &[kind, &digest], input, &self.budget)
            .await
            .map(drop)
    }

    async fn send_password(&self, node: &Node) -> Result<(), Error> {
        let Some(password) = &self.password else {
            let detail = format!(
                "{} has no password to log in with on the other members: set `login.password`, which is never stored.",
                node.name
            );
            let path = tf_framework::Path::root().attribute("login").attribute("password");
            return Err(Refusal::new("The password of replication is missing", detail).at(path).into());
        };
        let version = self.password_version.to_string();
        let input = password_line(&self.user, password);
        node.run("keeping the password", step!("password"), &[&version], input, &self.budget).await.map(drop)
    }

    async fn found(&self, world: &World) -> Result<(), Error> {
        let member = seen(world, &self.primary);
        let system_id = member.and_then(|member| member.system_id).unwrap_or_default();
        let server = member.and_then(|member| member.server.as_ref());
        let timeline = server.map_or(1, |server| server.timeline);
        let mut epoch = Epoch::first(&self.name, system_id, &self.primary, timeline);
        epoch.lsn = server.map_or(Lsn(0), |server| server.lsn);
        match epoch.found(&*self.store, &self.budget).await.map_err(|error| store_error(&error))? {
            Written::Won(_) => Ok(()),
            Written::Lost(other) => Err(taken(other.as_deref())),
        }
    }

    /// Looks whether the holder still renews, for so long.
    async fn watch(&self, name: &str, patience: Duration) -> Result<(), Error> {
        let before = self.read_epoch().await?;
        self.sleep(patience, "a renewal of the lease").await?;
        let after = self.read_epoch().await?;
        match (before, after) {
            (Some(before), Some(after)) if before.epoch.write == after.epoch.write => Ok(()),
            (_, after) => Err(alive(name, after.as_ref())),
        }
    }

    async fn await_lease(&self, name: &str, memory: &mut Memory) -> Result<(), Error> {
        let Some(first) = self.read_epoch().await? else { return Err(taken(None)) };
        loop {
            let Some(seen) = self.read_epoch().await? else { return Err(taken(None)) };
            if seen.epoch.write != first.epoch.write {
                return Err(alive(name, Some(&seen)));
            }
            if seen.epoch.has_expired(now(), MARGIN) {
                let proof = format!("its lease ended at {} and was not renewed", seen.epoch.expires);
                memory.proofs.insert(name.to_owned(), Proof::Lease(proof));
                memory.outcome.fenced_by = Some("lease".to_owned());
                return Ok(());
            }
            self.sleep(Duration::from_secs(1), "the end of the lease").await?;
        }
    }

    async fn sleep(&self, duration: Duration, what: &str) -> Result<(), Error> {
        self.budget.sleep(duration, || what.to_owned()).await.map_err(|why| {
            let detail = format!("{why}. Give the resource more time by `timeouts`, and apply again.");
            Refusal::new("The primary was not moved in time", detail).into()
        })
    }

    async fn fence(&self, name: &str, memory: &mut Memory) -> Result<(), Error> {
        let (Some((vmid, host)), Some(containers)) = (self.vmids.get(name), &self.containers) else {
            return Err(Refusal::from(Refused::NoMember { member: name.to_owned() }).into());
        };
        let proof = containers.stop_and_prove(host, &ContainerId::of(*vmid), None, &self.budget).await?;
        let node = proof.node.as_deref().unwrap_or("no node");
        let told = format!("container {} on {node} does not run", proof.vmid);
        memory.proofs.insert(name.to_owned(), Proof::Container(told));
        memory.outcome.fenced_by = Some("container".to_owned());
        Ok(())
    }

    /// Writes something on a primary, and says where.
    async fn mark(&self, node: &Node) -> Result<String, Error> {
        let said = node.run("writing a mark", step!("mark"), &[], Input::Nothing, &self.budget).await?;
        Ok(value(&said, "mark").unwrap_or_default().to_owned())
    }

    /// Writes on the primary and waits for it on the standby, while everybody is still served.
    async fn streams(&self, old: &str, new: &str) -> Result<(), Error> {
        let mark = self.mark(self.node(old)?).await?;
        let what = "waiting for the mark";
        let arguments = [mark.as_str(), ARRIVAL];
        let node = self.node(new)?;
        let said = node.run(what, step!("arrived"), &arguments, Input::Nothing, &self.budget).await?;
        if value(&said, "arrived") == Some("1") {
            return Ok(());
        }
        let why = format!(
            "what {old} wrote up to {mark} did not arrive on {new} within {ARRIVAL} s, although both say that they stream: {new} is \
             at {}",
            value(&said, "replayed").unwrap_or("an unknown position")
        );
        Err(Refusal::from(Refused::NotReady { old: old.to_owned(), new: new.to_owned(), why }).into())
    }

    async fn quiesce(&self, name: &str, memory: &mut Memory) -> Result<(), Error> {
        let why = format!("{} is to be primary in epoch {}", self.primary, self.epoch);
        let node = self.node(name)?;
        let said =
            node.run("stopping the server", step!("quiesce"), &[&why], Input::Nothing, &self.budget).await?;
        let clean = value(&said, "control") == Some("shut down");
        memory.outcome.fenced_by = Some(if clean { "shut down" } else { "machine" }.to_owned());
        Ok(())
    }

    async fn caught_up(&self, old: &str, new: &str, world: &World, memory: &mut Memory) -> Result<(), Error> {
        let Some(member) = seen(world, old) else { return Ok(()) };
        let (end, timeline) = (member.checkpoint.to_string(), member.timeline.to_string());
        let node = self.node(new)?;
        node.run(
            "proving that nothing is missing",
            step!("caught-up"),
            &[&end, &timeline, CATCH_UP],
            Input::Nothing,
            &self.budget,
        )
        .await?;
        memory.outcome.fenced_by = Some("shut down".to_owned());
        memory.outcome.estimate = Some(0);
        Ok(())
    }

    async fn drain(&self, name: &str, world: &World, memory: &mut Memory) -> Result<(), Error> {
        let node = self.node(name)?;
        let what = "replaying what is left";
        let said = node.run(what, step!("drain"), &[STILL], Input::Nothing, &self.budget).await?;
        let replayed: Option<Lsn> = value(&said, "replayed").and_then(|lsn| lsn.parse().ok());
        let (Some(replayed), Some(epoch)) = (replayed, &world.epoch) else {
            return Err(Error::Answer {
                machine: node.machine.name().to_owned(),
                problem: format!("{said:?}"),
            });
        };
        let replayed_at = value(&said, "replayed_at").and_then(milliseconds);
        let Some((bytes, missing)) = estimate(epoch, memory.end, replayed, replayed_at) else {
            if self.max_loss_bytes.is_some() || self.max_loss_milliseconds.is_some() {
                return Err(Refusal::from(Refused::LossUnknown { old: epoch.holder.clone() }).into());
            }
            return Ok(());
        };
        memory.outcome.estimate = Some(bytes);
        let too_many = self.max_loss_bytes.is_some_and(|max| bytes > max);
        let too_long = self.max_loss_milliseconds.is_some_and(|max| missing > max);
        if too_many || too_long {
            let refused = Refused::Loss {
                bytes,
                max_bytes: self.max_loss_bytes,
                milliseconds: missing,
                max_milliseconds: self.max_loss_milliseconds,
            };
            return Err(Refusal::from(refused).into());
        }
        Ok(())
    }

    async fn raise(&self, unfenced: bool, world: &World, memory: &mut Memory) -> Result<(), Error> {
        let Some(held) = self.read_epoch().await? else { return Err(taken(None)) };
        // What was decided was decided on the epoch that was seen; a renewal of the same one is the holder's word that
        // it lives.
        let decided = world.epoch.as_ref();
        if decided
            .is_none_or(|decided| decided.epoch != held.epoch.epoch || decided.holder != held.epoch.holder)
        {
            return Err(taken(Some(&held)));
        }
        let stopped = seen(world, &held.epoch.holder).is_some_and(|member| !member.alive);
        if !stopped && decided.is_some_and(|decided| decided.write != held.epoch.write) {
            return Err(alive(&held.epoch.holder, Some(&held)));
        }
        let timeline = seen(world, &self.primary).and_then(|member| member.server.as_ref());
        // The timeline that the promotion begins: from here on whoever is still on an older one lacks what may have been
        // written since, and is no candidate, although nobody may have come to tell the new number.
        let timeline = timeline
            .map_or(held.epoch.timeline, |server| server.timeline.saturating_add(1).max(held.epoch.timeline));
        let mut next = held.epoch.next(&self.primary, timeline);
        next.unfenced = unfenced;
        next.expires = self.lease.as_ref().map_or(0, |lease| now().saturating_add(lease.seconds));
        held.epoch
            .may_be_followed_by(&next)
            .map_err(|error| Error::from(Refusal::new("The epoch cannot be raised", format!("{error}."))))?;
        match held.replace(next, &*self.store, &self.budget).await.map_err(|error| store_error(&error))? {
            Written::Won(_) => {
                memory.outcome.moved = true;
                if unfenced {
                    memory.outcome.fenced_by = Some("accepted".to_owned());
                }
                if memory.outcome.fenced_by.is_none() && !stopped {
                    memory.outcome.fenced_by = Some("lease".to_owned());
                }
                Ok(())
            }
            Written::Lost(other) => Err(taken(other.as_deref())),
        }
    }

    async fn promote(&self, name: &str, memory: &mut Memory) -> Result<(), Error> {
        let Some(held) = self.read_epoch().await?.filter(|held| held.epoch.holder == name) else {
            return Err(taken(None));
        };
        let expires = match &self.lease {
            None => String::new(),
            Some(lease) => {
                let (timeline, lsn) = (held.epoch.timeline, held.epoch.lsn);
                match held
                    .renew(lease.seconds, timeline, lsn, &*self.store, &self.budget)
                    .await
                    .map_err(|error| store_error(&error))?
                {
                    Written::Won(seen) => seen.epoch.expires.to_string(),
                    Written::Lost(other) => return Err(taken(other.as_deref())),
                }
            }
        };
        let node = self.node(name)?;
        let epoch = held.epoch.epoch.to_string();
        let slots: Vec<String> =
            self.nodes.values().filter(|other| other.name != name).map(Node::slot).collect();
        let mut arguments = vec![epoch.as_str(), expires.as_str()];
        arguments.extend(slots.iter().map(String::as_str));
        let said = node.run("promoting", step!("promote"), &arguments, Input::Nothing, &self.budget).await?;
        memory.segment = value(&said, "segment").map(str::to_owned);
        memory.outcome.moved = true;
        Ok(())
    }

    /// Sees the new timeline in the archive: its history, and the segment of the first write.
    async fn archived(&self, name: &str, memory: &mut Memory) -> Result<(), Error> {
        let node = self.node(name)?;
        let Some(segment) = memory.segment.clone() else { return Ok(()) };
        let limit = ARCHIVE.as_secs().to_string();
        let what = "archiving the new timeline";
        let script = step!("archived");
        let said = node.run(what, script, &[&segment, &limit], Input::Nothing, &self.budget).await?;
        if value(&said, "archived") != Some("1") {
            return Ok(());
        }
        let listed =
            self.store.list("wal_005/", None, &self.budget).await.map_err(|error| store_error(&error))?;
        let has =
            |start: &str| listed.iter().any(|object| object.key.starts_with(&format!("wal_005/{start}")));
        let history = format!("{}.history", segment.get(..8).unwrap_or_default());
        let is_there = has(&segment) && has(&history);
        if !listed.is_empty() && !is_there {
            memory.outcome.warnings.push(Diagnostic::warning(
                "The new timeline is not in the store of the epoch",
                format!(
                    "{name} says that it archived {segment} and {history}, and {} does not have them. If its archive is \
                     somewhere else, all is well; if not, see its archive_command.",
                    self.store.place()
                ),
            ));
        }
        Ok(())
    }

    async fn tend(&self, name: &str) -> Result<(), Error> {
        let node = self.node(name)?;
        // How many stream is looked at anew: a promotion came in between.
        let world = self.look(&std::collections::BTreeMap::new()).await?;
        let text = leading(&self.synchronous_names(&world), self.slot_limit);
        let epoch = self.epoch.to_string();
        let lease = if self.lease.is_some() { "lease" } else { "none" };
        let slots: Vec<String> =
            self.nodes.values().filter(|other| other.name != name).map(Node::slot).collect();
        let mut arguments = vec![epoch.as_str(), lease, self.user.as_str()];
        arguments.extend(slots.iter().map(String::as_str));
        let input = Input::Bytes(text.into_bytes().into());
        let what = "settings of replication";
        node.run(what, step!("settings"), &arguments, input, &self.budget).await.map(drop)
    }

    fn followed_settings(&self, node: &Node) -> Result<String, Error> {
        let leader = self.leader()?;
        Ok(node.following((&leader.address, leader.place.port), &self.user, self.slot_limit))
    }

    async fn follow(&self, name: &str, memory: &Memory) -> Result<(), Error> {
        if memory.outcome.lost.get(name).is_some_and(|lost| lost.commits > 0 && !lost.accepted) {
            return Ok(());
        }
        let node = self.node(name)?;
        // A member that was turned back takes connections once it has replayed what pg_rewind found to be the position of
        // the primary. Where that is the header of a page, no record ends there, and an idle primary writes none behind it.
        self.mark(self.leader()?).await?;
        let epoch = self.epoch.to_string();
        let input = Input::Bytes(self.followed_settings(node)?.into_bytes().into());
        let what = "following the primary";
        node.run(what, step!("follow"), &[&epoch, &self.primary], input, &self.budget).await.map(drop)
    }

    async fn clone_member(&self, name: &str) -> Result<(), Error> {
        let (node, leader) = (self.node(name)?, self.leader()?);
        let port = leader.place.port.to_string();
        let arguments = [leader.address.as_str(), &port, &self.user, &node.slot(), ""];
        let input = Input::Bytes(self.followed_settings(node)?.into_bytes().into());
        node.run("copying the data", step!("clone"), &arguments, input, &self.budget).await?;
        node.run("configuring", step!("configure"), &[], Input::Nothing, &self.budget).await.map(drop)
    }

    /// Counts what would be lost, keeps it, and turns the member back where that is accepted.
    async fn rejoin(&self, name: &str, memory: &mut Memory) -> Result<(), Error> {
        let (node, leader) = (self.node(name)?, self.leader()?);
        let (member, primary) = (node.look(&self.budget).await?, leader.look(&self.budget).await?);
        // A rewind that was begun has been counted; its WAL is no longer what it was.
        if !member.rejoining {
            let (own, fork) = parted(&member, &primary);
            let report = self.count(node, own, fork).await?;
            let kept = self.keep(node, &report).await?;
            let accepted = report.commits == 0 || self.accept_loss.get(name) == Some(&report.commits);
            memory.outcome.lost.insert(name.to_owned(), report.lost(&kept, accepted));
            if !accepted {
                memory.outcome.warnings.push(unaccepted(name, &report, &kept));
                return Ok(());
            }
        }
        let port = leader.place.port.to_string();
        let why = format!("{name} is being turned back to follow {}", leader.name);
        let arguments = [leader.address.as_str(), &port, &self.user, &why];
        let output = node.ask(step!("rejoin"), &arguments, &self.budget).await?;
        match output.code() {
            Some(0) => Ok(()),
            Some(3) => {
                tracing::warn!(member = name, said = %output.errors(), "cannot be turned back; it is copied anew");
                self.clone_member(name).await
            }
            _ => Err(node.machine.failed(&format!("turning {name} back"), &output).into()),
        }
    }

    async fn count(&self, node: &Node, timeline: u32, fork: Lsn) -> Result<Report, Error> {
        let (timeline, fork) = (timeline.to_string(), fork.to_string());
        let what = "counting what is on it only";
        let arguments = [timeline.as_str(), fork.as_str()];
        let said = node.run(what, step!("report"), &arguments, Input::Nothing, &self.budget).await?;
        let report = Report::parse(&said).ok_or_else(|| Error::Answer {
            machine: node.machine.name().to_owned(),
            problem: "the report of what would be lost is torn".to_owned(),
        })?;
        if let Some(first) = report.segments.first() {
            let what = "archiving what was finished before";
            node.run(what, step!("before-fork"), &[first], Input::Nothing, &self.budget).await?;
        }
        Ok(report)
    }

    /// Keeps the WAL that parted, and the list of what is in it.
    async fn keep(&self, node: &Node, report: &Report) -> Result<String, Error> {
        let folder = format!("diverged/{}/epoch-{}", node.name, self.epoch);
        let kept = format!("{}/{folder}", self.store.place());
        if report.commits == 0 {
            return Ok(kept);
        }
        for segment in &report.segments {
            let path = format!("{}/pg_wal/{segment}", node.place.data);
            let Some(content) = node.machine.read(&path, SEGMENT, &self.budget).await? else { continue };
            let key = format!("{folder}/{segment}");
            let put = self.store.put(&key, content.into(), Condition::Always, &self.budget).await;
            put.map_err(|error| store_error(&error))?;
        }
        let key = format!("{folder}/commits.txt");
        let text = report.text().into_bytes();
        self.store
            .put(&key, text.into(), Condition::Always, &self.budget)
            .await
            .map_err(|error| store_error(&error))?;
        Ok(kept)
    }
}

/// The timeline of a member, and where the primary's history left it.
fn parted(member: &Member, primary: &Member) -> (u32, Lsn) {
    let own = member.timeline;
    (own, primary.fork_of(own).unwrap_or(member.checkpoint))
}

fn unaccepted(name: &str, report: &Report, kept: &str) -> Diagnostic {
    let between = match (&report.first, &report.last) {
        (Some(first), Some(last)) => format!(", the first at {first}, the last at {last}"),
        _ => String::new(),
    };
    Diagnostic::warning(
        format!("{name} holds {} commits that the primary does not have", report.commits),
        format!(
            "They were committed there after the histories parted{between}. Their WAL and a list of them are kept in {kept}. \
             {name} stays down, as it is. To give them up and let it follow, set accept_loss = {{ \"{name}\" = {} }}.",
            report.commits
        ),
    )
}

fn taken(other: Option<&Seen>) -> Error {
    let who = other.map_or_else(
        || "nobody any more".to_owned(),
        |seen| format!("{} (epoch {})", seen.epoch.holder, seen.epoch.epoch),
    );
    Refusal::new(
        "The epoch changed in between",
        format!("It is held by {who}. Nothing was promoted; apply again, which looks at it anew."),
    )
    .into()
}

fn alive(name: &str, seen: Option<&Seen>) -> Error {
    let seconds = seen.map_or(0, |seen| now().saturating_sub(seen.epoch.renewed).max(0));
    Refusal::from(Refused::Alive { old: name.to_owned(), seconds }).into()
}

const START: &str = step!("start");
