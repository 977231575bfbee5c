//! When a node really works: one thing after the other, each of its own machine, and what its log says where one does not
//! come.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use transport_ssh::Budget;

use super::asked::Asked;
use super::cluster::{any_server, is_of};
use super::files::{Started, start};
use super::rollout;
use crate::api::{Access, ApiError, Condition, Kube};
use crate::errors::{Error, Refusal, chain};
use crate::host::facts::{Unit, unit};
use crate::journal::{classify, hangs, told};

/// How long a service must run without a restart: a little more than systemd waits before it restarts one.
const STEADY: Duration = Duration::from_secs(6);
/// How long one must be active that did not come up at the first attempt.
const STEADY_AGAIN: Duration = Duration::from_secs(15);
/// How long the database takes no other change of its members after one: etcd wants all of them to have been connected for
/// five seconds, and a server that is refused ends.
const MEMBERS_REST: Duration = Duration::from_millis(5500);
/// What the log says when the member of the database is there.
const MEMBER: &str = "Connection to etcd is ready";
/// How long a start may hang where it is known to hang, before it is restarted once.
const HANG: Duration = Duration::from_secs(60);
/// Restarts after which a failure with a known cause is one, and with an unknown cause.
const KNOWN: u32 = 2;
const UNKNOWN: u32 = 6;
/// Between two looks at what the API tells; and where manifests and charts are looked at as well, which takes more requests.
const PAUSE: Duration = Duration::from_millis(250);
const LONG_PAUSE: Duration = Duration::from_secs(1);
/// How long the machine waits for its service to change before it tells how it is, in seconds.
const ATTENTION: u32 = 4;
/// How long the machine may be out of reach: its service comes up without us.
const LOST: Duration = Duration::from_secs(60);
/// How long manifests and charts may take when everything else is there, and how long they must be well.
const ROLLOUT: Duration = Duration::from_secs(600);
const LASTING: Duration = Duration::from_secs(3);
/// How long one question may take.
const ASK: Duration = Duration::from_secs(15);

/// Watches a node until it works.
pub(super) struct Watch<'a> {
    asked: &'a Asked,
    started: Started,
    began: Instant,
    active_since: Option<Instant>,
    member_since: Option<Instant>,
    hung_since: Option<Instant>,
    lost_since: Option<Instant>,
    /// Until when the certificate was good that is to be served no more.
    served: Option<i64>,
    /// Manifests and charts that were not well before: nobody waits for them.
    unwell: BTreeSet<String>,
    /// Whether manifests and charts are waited for.
    rolls: bool,
    /// Since when something of the manifests and charts is missing, or nothing is.
    rolling_since: Option<Instant>,
    rolled_since: Option<Instant>,
    helped: bool,
    access: Option<Access>,
    stage: String,
    log: String,
    unit: Unit,
}

impl<'a> Watch<'a> {
    pub(super) fn new(asked: &'a Asked, started: Started) -> Self {
        Self {
            asked,
            started,
            began: Instant::now(),
            active_since: None,
            member_since: None,
            hung_since: None,
            lost_since: None,
            served: None,
            unwell: BTreeSet::new(),
            rolls: false,
            rolling_since: None,
            rolled_since: None,
            helped: false,
            access: None,
            stage: String::new(),
            log: String::new(),
            unit: Unit::default(),
        }
    }

    /// Its certificates were made anew: what it serves must be good for longer than this.
    pub(super) fn serving_beyond(self, served: Option<i64>) -> Self {
        Self { served, ..self }
    }

    /// These were not well before the change.
    pub(super) fn but(self, unwell: BTreeSet<String>) -> Self {
        Self { unwell, ..self }
    }

    /// Waits until the node works; answers the way into the cluster that was used to ask.
    ///
    /// # Errors
    /// It will not, or did not in time: what its log says, and what to do.
    pub(super) async fn works(&mut self) -> Result<Access, Error> {
        loop {
            if let Err(error) = self.look().await {
                self.lost(error)?;
                self.pause().await?;
                continue;
            }
            self.lost_since = None;
            let waits = match self.pending().await {
                Ok(None) => match &self.access {
                    Some(access) => return Ok(access.clone()),
                    None => "the way into the cluster".to_owned(),
                },
                Ok(Some(waits)) => waits,
                Err(error) => {
                    self.access = None;
                    format!("the cluster to answer ({})", chain(&error))
                }
            };
            if waits != self.stage {
                tracing::info!(node = self.asked.name(), waits = %waits, "not ready yet");
                self.stage = waits;
            }
            if self.rolling_since.is_some_and(|since| since.elapsed() > ROLLOUT) {
                return Err(self.late());
            }
            self.pause().await?;
        }
    }

    /// Waits until the node has worked for a while without a restart of its service, and what it brings with it is applied.
    ///
    /// # Errors
    /// As [`Watch::works`].
    pub(super) async fn stays(mut self) -> Result<(), Error> {
        self.rolls = true;
        loop {
            self.works().await?;
            let active = self.active_since.map_or(Duration::ZERO, |since| since.elapsed());
            let left = match self.restarts() {
                0 => STEADY.saturating_sub(self.began.elapsed()),
                _ => STEADY_AGAIN.saturating_sub(active),
            };
            if left.is_zero() {
                return Ok(());
            }
            "the service to stay active".clone_into(&mut self.stage);
            self.wait(left).await?;
        }
    }

    /// How long the database takes no other change of its members yet.
    pub(super) fn members_rest(&self) -> Duration {
        self.member_since.map_or(Duration::ZERO, |since| MEMBERS_REST.saturating_sub(since.elapsed()))
    }

    /// How often the service was started again since it was started.
    fn restarts(&self) -> u32 {
        self.unit.restarts.saturating_sub(self.started.restarts)
    }

    async fn pause(&self) -> Result<(), Error> {
        self.wait(if self.rolls { LONG_PAUSE } else { PAUSE }).await
    }

    async fn wait(&self, time: Duration) -> Result<(), Error> {
        let budget = &self.asked.run.budget;
        if budget.remaining().is_some_and(|left| left < Duration::from_secs(3)) {
            return Err(self.late());
        }
        budget.run(|| "waiting".to_owned(), tokio::time::sleep(time)).await.map_err(|why| Error::Ended {
            what: format!("{} was waited for", self.asked.name()),
            why: why.to_string(),
        })
    }

    fn late(&self) -> Error {
        let detail = format!(
            "It still waits for {}.\n\n{}\n\nWhat was done so far is kept in the journal of the machine. Apply again when the cause is gone: it \
             goes on from there.",
            self.stage,
            told(&self.log)
        );
        Refusal::new(format!("{} did not become ready in time", self.asked.name()), detail).into()
    }

    /// The machine was not reached: nothing on it waits for us, so it may come back.
    fn lost(&mut self, error: Error) -> Result<(), Error> {
        let Error::Machine(hosts::MachineError::Shell(_)) = &error else { return Err(error) };
        let name = self.asked.name();
        let since = *self.lost_since.get_or_insert_with(Instant::now);
        let cause = chain(&error);
        self.access = None;
        self.stage = format!("its machine to be reached ({cause})");
        tracing::info!(node = name, %cause, "not reached");
        if since.elapsed() < LOST {
            return Ok(());
        }
        let detail = format!(
            "{cause}.\n\nIts service was started, and goes on without this connection. When the machine can be reached again (its SSH \
             server, the way to it), apply again: what was done is looked up there."
        );
        Err(Refusal::new(format!("{name} was not reached any more while it was waited for"), detail).into())
    }

    /// Looks at the service itself.
    async fn look(&mut self) -> Result<(), Error> {
        let asked = self.asked;
        let since = self.started.since.to_string();
        // One that is active is asked about at once; one that is not is waited for where it is, not from here.
        let (known, seconds) = match self.unit.active.as_str() {
            "" | "active" => (String::new(), 0),
            state => (format!("{state} {}", self.unit.restarts), ATTENTION),
        };
        let arguments = [asked.unit(), &since, asked.distribution().data_dir(), &known, &seconds.to_string()];
        let said =
            asked.run.script("watching the service", include_str!("scripts/watch.sh"), &arguments).await?;
        let (state, log) = said.split_once("@log\n").unwrap_or((&said, ""));
        (self.unit, self.log) = (unit(state), log.to_owned());
        if self.unit.active == "active" {
            self.active_since.get_or_insert_with(Instant::now);
        } else {
            self.active_since = None;
            self.access = None;
        }
        if self.active_since.is_some() || self.log.contains(MEMBER) {
            self.member_since.get_or_insert_with(Instant::now);
        }
        let restarts = self.restarts();
        let fatal = classify(&self.log).is_some_and(|(verdict, _)| verdict.fatal);
        if self.active_since.is_none() && ((fatal && restarts >= KNOWN) || restarts >= UNKNOWN) {
            let detail = format!("Its service ended {restarts} times.\n\n{}", told(&self.log));
            return Err(Refusal::new(format!("{} does not start", asked.name()), detail).into());
        }
        self.hang().await
    }

    /// A start that is known to hang is restarted, once.
    async fn hang(&mut self) -> Result<(), Error> {
        if self.active_since.is_some() || !hangs(&self.log) {
            self.hung_since = None;
            return Ok(());
        }
        let since = *self.hung_since.get_or_insert_with(Instant::now);
        if since.elapsed() < HANG {
            return Ok(());
        }
        if self.helped {
            let detail = format!("It was restarted once, and hangs again.\n\n{}", told(&self.log));
            return Err(Refusal::new(format!("{} hangs while it starts", self.asked.name()), detail).into());
        }
        tracing::warn!(node = self.asked.name(), "its start hangs (rke2#9785): it is restarted once");
        self.helped = true;
        self.hung_since = None;
        self.started = start(&self.asked.run, self.asked.unit(), "restart").await?;
        Ok(())
    }

    /// What is waited for; nothing when it works.
    async fn pending(&mut self) -> Result<Option<String>, Error> {
        if self.active_since.is_none() {
            return Ok(Some(format!("the service ({}, {})", self.unit.active, self.unit.sub)));
        }
        let budget = self.asked.run.budget.shortened(ASK);
        if self.access.is_none() {
            self.access = Some(match self.asked.is_server() {
                true => Access::open(&self.asked.run.machine, self.asked.distribution(), &budget).await?,
                false => any_server(self.asked, None).await?.access,
            });
        }
        let Some(access) = self.access.clone() else { return Ok(None) };
        if self.asked.is_server()
            && let Some(waits) = server(self.asked, &access, &budget).await?
        {
            return Ok(Some(waits));
        }
        if let Some(waits) = node(self.asked, access.kube(), &budget).await? {
            return Ok(Some(waits));
        }
        if let Some(old) = self.served
            && let Some(waits) = serves(self.asked, old, &budget).await?
        {
            return Ok(Some(waits));
        }
        match self.rolls && self.asked.is_server() {
            true => self.rolled(&access, &budget).await,
            false => Ok(None),
        }
    }
}

impl Watch<'_> {
    /// What of the manifests and charts is waited for. When nothing is missing that has to last: the controllers see a change
    /// a moment after it is there.
    async fn rolled(&mut self, access: &Access, budget: &Budget) -> Result<Option<String>, Error> {
        let missing = rollout::missing(self.asked, access.kube(), &self.unwell, budget).await?;
        if let Some(missing) = missing {
            self.rolled_since = None;
            self.rolling_since.get_or_insert_with(Instant::now);
            return Ok(Some(missing.why));
        }
        self.rolling_since = None;
        let since = *self.rolled_since.get_or_insert_with(Instant::now);
        Ok((since.elapsed() < LASTING).then(|| "its manifests and charts to be settled".to_owned()))
    }
}

/// What is not there yet of a server, in the order in which it comes.
async fn server(asked: &Asked, access: &Access, budget: &Budget) -> Result<Option<String>, Error> {
    let name = asked.name();
    let supervisor = access.supervisor();
    for (what, answer) in [
        ("the supervisor", supervisor.ping(budget).await),
        ("the supervisor's core", supervisor.readyz(budget).await),
    ] {
        if let Err(error) = answer {
            return Ok(Some(format!("{what} ({})", chain(&error))));
        }
    }
    let members = supervisor.members(budget).await?;
    match members.iter().find(|member| is_of(member, name)) {
        None => return Ok(Some("its member of the database".to_owned())),
        Some(member) if member.is_learner => {
            return Ok(Some("its member of the database to vote".to_owned()));
        }
        Some(_) => {}
    }
    access.kube().readyz(budget).await?;
    let version = access.kube().version(budget).await?.git_version;
    if version != asked.version.to_string() {
        return Ok(Some(format!("its API server to be {} (it is {version})", asked.version)));
    }
    let node = access.kube().node(name, budget).await?;
    if !node.is_some_and(|node| node.condition("EtcdIsVoter").is_some_and(Condition::is_true)) {
        return Ok(Some("its node to be told as a voter".to_owned()));
    }
    if asked.distribution().has_static_pods() {
        return static_pods(asked, access.kube(), budget).await.map_err(Error::from);
    }
    Ok(None)
}

/// Whether both ports show a certificate that is newer than the one before, over new connections.
async fn serves(asked: &Asked, old: i64, budget: &Budget) -> Result<Option<String>, Error> {
    let access = Access::open(&asked.run.machine, asked.distribution(), budget).await?;
    access.supervisor().ping(budget).await?;
    access.kube().readyz(budget).await?;
    let shown = [
        ("the supervisor", access.supervisor().served_until()),
        ("the API server", access.kube().served_until()),
    ];
    let stale = shown.into_iter().find(|(_, until)| until.is_some_and(|until| until <= old));
    Ok(stale.map(|(what, _)| format!("{what} to show its new certificate")))
}

/// Pods that the kubelet runs from files have the images of the version: the service may be new and these old (rke2#4221).
async fn static_pods(asked: &Asked, kube: &Kube, budget: &Budget) -> Result<Option<String>, ApiError> {
    let pods = kube.mirror_pods(asked.name(), budget).await?;
    let tag = asked.version.tag();
    for part in ["kube-apiserver", "kube-controller-manager", "kube-scheduler"] {
        let Some(pod) = pods.iter().find(|pod| pod.name.starts_with(part)) else {
            return Ok(Some(format!("the pod {part}")));
        };
        if let Some(image) = pod.images.iter().find(|image| !fits(image, &tag, &asked.version.kubernetes())) {
            return Ok(Some(format!(
                "the pod {part} to take the image of {} over (it runs {image})",
                asked.version
            )));
        }
        if !pod.ready {
            return Ok(Some(format!("the pod {part} to be ready")));
        }
    }
    Ok(None)
}

/// Whether an image is of a version: `…/hardened-kubernetes:v1.33.4-rke2r1-build20250814`.
fn fits(image: &str, tag: &str, kubernetes: &str) -> bool {
    let Some((_, found)) = image.rsplit_once(':') else { return true };
    // One that is named by its digest, or by the user, says nothing of a version.
    !found.starts_with('v') || found.starts_with(tag) || found == kubernetes
}

/// What is not there yet of a node.
async fn node(asked: &Asked, kube: &Kube, budget: &Budget) -> Result<Option<String>, ApiError> {
    let Some(node) = kube.node(asked.name(), budget).await? else {
        return Ok(Some("the cluster to know it".to_owned()));
    };
    if node.deleted {
        return Ok(Some("its old node to go away".to_owned()));
    }
    if node.version != asked.version.to_string() {
        return Ok(Some(format!("its kubelet to be {} (it is {})", asked.version, node.version)));
    }
    if !node.is_ready() {
        let why = node.condition("Ready").map(|it| it.message.clone()).unwrap_or_default();
        return Ok(Some(format!("it to be ready ({})", why.trim_end_matches('.'))));
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn images() {
        let fit = |image: &str| fits(image, "v1.33.4-rke2r1", "v1.33.4");
        assert!(fit("docker.io/rancher/hardened-kubernetes:v1.33.4-rke2r1-build20250814"));
        assert!(fit("r/k@sha256:abc") && fit("r/k:latest") && fit("r/k:v1.33.4"));
        assert!(!fit("docker.io/rancher/hardened-kubernetes:v1.32.8-rke2r1-build20250814"));
    }
}
