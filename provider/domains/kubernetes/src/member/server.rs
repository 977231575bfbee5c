//! A server: born, joined, changed. One at a time in a cluster.

use std::collections::BTreeMap;
use std::time::Duration;

use super::asked::Asked;
use super::birth::{Look, Way, unasked, way};
use super::change::{Pending, pending};
use super::cluster::{address, started, survey, token_of, url};
use super::files::{Joins, Started, configure, owned, start};
use super::leave::clear_stale;
use super::preflight::refuse;
use super::ready::Watch;
use super::rebirth::{self, Origin};
use super::restart::{before, fits_beside, undo, unwell};
use super::settle::{begin, close, put_right};
use crate::api::Access;
use crate::config::{InForce, parity};
use crate::errors::{Error, Refusal, capital};
use crate::host::journal::{put, write};
use crate::host::lease::{Held, LET_IT_END, hold, take_lease, there};
use crate::host::preflight::{duplicates, refusal};
use crate::host::{Facts, Journal, gather};
use crate::install::{Release, needed, stage, swap};
use crate::token::Token;
use crate::upgrade::allowed;

/// How long is waited before another server is looked at again.
const PAUSE: Duration = Duration::from_secs(2);
/// How long is waited for the turn before the time is used.
const MOMENT: Duration = Duration::from_secs(2);

/// The turn to change a server of the cluster.
type Turn = tokio::sync::OwnedMutexGuard<()>;

pub(super) async fn converge(asked: &Asked) -> Result<Facts, Error> {
    // What it failed at in an earlier run of this process is in nobody's way any more.
    asked.gate.works(asked.name());
    let facts = gather(&asked.run).await?;
    refuse(asked, &facts).await?;
    // Nothing of the cluster is touched yet: servers do this side by side.
    let (mut journal, release, _held) = ahead(asked, &facts).await?;
    let before = facts.journal.as_ref();
    let mut waiting = Some(&facts);
    let mut waited_for = false;
    loop {
        let turn = turn(asked, waiting.take(), &release).await?;
        take_lease(&asked.run).await?;
        let (facts, others) = tokio::try_join!(gather(&asked.run), survey(asked))?;
        if let Err(error) = apart(asked, &others) {
            return Err(untouched(asked, before, error).await);
        }
        if facts.database.etcd && !facts.database.tombstone && journal.joined {
            return change(asked, facts, journal, &release, before).await;
        }
        unlike(asked, &facts, &others)?;
        if journal.birth && !journal.joined && rebirth::is_half_done(asked).await? {
            return bear(asked, facts, journal, &release, &others, turn).await;
        }
        let way = way(asked.name(), &facts, &others)?;
        tracing::info!(node = asked.name(), ?way, "how it comes into the cluster");
        match way {
            Way::Member => return change(asked, facts, journal, &release, before).await,
            Way::Wait(other) => {
                drop(turn);
                let slept =
                    asked.run.budget.run(|| format!("waiting for {other}"), tokio::time::sleep(PAUSE)).await;
                slept.map_err(|why| {
                    waited(asked, &format!("{why}, waiting for {other}, which was to make the cluster"))
                })?;
                unborn(asked)?;
            }
            Way::Unasked(servers) if waited_for => return Err(unasked(&servers).into()),
            Way::Unasked(servers) => {
                drop(turn);
                waited_for = true;
                started(asked, servers.keys()).await?;
            }
            Way::Birth => {
                unborn(asked)?;
                journal.birth = true;
                return bear(asked, facts, journal, &release, &others, turn).await;
            }
            Way::Join(other) => {
                journal.birth = false;
                return enter(asked, facts, journal, &release, Some(&other), &others, turn).await;
            }
        }
    }
}

/// Waits for the turn to change a server. A machine with nothing on it uses a longer wait: the one before it was not refused,
/// so that its program is put in place meanwhile.
async fn turn(asked: &Asked, fresh: Option<&Facts>, release: &Release) -> Result<Turn, Error> {
    let what = || "waiting for the other servers".to_owned();
    if let Some(facts) = fresh.filter(|facts| facts.installed.is_none() && !facts.has_cluster()) {
        if let Ok(turn) = tokio::time::timeout(MOMENT, asked.gate.server()).await {
            return Ok(turn);
        }
        swap(&asked.run, facts, release).await?;
    }
    let turn = asked.run.budget.run(what, asked.gate.server()).await;
    turn.map_err(|why| waited(asked, &why.to_string()))
}

/// Changes a server that is in its cluster, unless another one failed at its own change: what stopped that one may stop
/// this one too, and then the majority is gone.
async fn change(
    asked: &Asked,
    facts: Facts,
    journal: Journal,
    release: &Release,
    before: Option<&Journal>,
) -> Result<Facts, Error> {
    if let Some(other) = asked.gate.other_failed(asked.name()) {
        let summary = format!("{} was left as it is", asked.name());
        let detail = format!(
            "{other} did not come back from its own change in this run, and servers are changed one after the other. Apply again \
             when the cause is gone: {other} goes on from where it is, and {} comes after it.",
            asked.name()
        );
        return Err(untouched(asked, before, Refusal::new(summary, detail).into()).await);
    }
    let changed = member(asked, facts, journal, release).await;
    match &changed {
        Ok(_) => asked.gate.works(asked.name()),
        Err(_) => asked.gate.failed(asked.name()),
    }
    changed
}

/// A refusal that came before anything was changed: the journal tells of no operation that stopped.
async fn untouched(asked: &Asked, before: Option<&Journal>, refusal: Error) -> Error {
    if let Some(before) = before.filter(|before| before.operation.is_empty())
        && let Err(error) = put(&asked.run, before).await
    {
        tracing::warn!(node = asked.name(), %error, "its journal tells of an operation that was not begun");
    }
    refusal
}

/// Nobody else is changing another server: two at a time cost the majority. Everybody takes a lease before looking, so that of
/// two who come at once none goes on.
pub(super) fn apart(asked: &Asked, others: &BTreeMap<String, Look>) -> Result<(), Error> {
    let held = others.iter().find_map(|(name, look)| match look {
        Look::Seen(facts) => Some((name, facts.lease.as_ref()?.others(there(facts.clock_ahead))?)),
        Look::Unreached(_) => None,
    });
    let Some((other, held)) = held else { return Ok(()) };
    let summary = format!("{} is not changed while somebody else changes {other}", asked.name());
    let detail =
        format!("Servers of a cluster are changed one after the other. Of {other}: {held}. {LET_IT_END}");
    Err(Refusal::new(summary, detail).into())
}

fn waited(asked: &Asked, why: &str) -> Error {
    Error::Ended { what: format!("{} waited for its turn", asked.name()), why: why.to_owned() }
}

/// What can be done before it is the node's turn: the lease is taken, the journal begun, artefacts are sent, the host is
/// prepared.
pub(super) async fn ahead(asked: &Asked, facts: &Facts) -> Result<(Journal, Release, Held), Error> {
    let release = needed(asked.spec(), &asked.version, &facts.os.architecture)?;
    let held = hold(&asked.run).await?;
    let mut journal = begin(asked, facts);
    write(&asked.run, &mut journal, "artefacts").await?;
    stage(&asked.run, asked.spec(), facts, &release).await?;
    if let Some(profile) = &asked.spec().config().profile {
        let accepted = if asked.spec().accepts("sysctl") { "accepted" } else { "" };
        asked
            .run
            .script(
                "preparing the host for its profile",
                include_str!("scripts/profile.sh"),
                &[profile, accepted],
            )
            .await?;
    }
    Ok((journal, release, held))
}

/// Machines that are copies of each other cannot be in one cluster.
fn unlike(asked: &Asked, facts: &Facts, others: &BTreeMap<String, Look>) -> Result<(), Error> {
    let mut machines = BTreeMap::from([(asked.name().to_owned(), facts.clone())]);
    for (name, look) in others {
        if let Look::Seen(facts) = look {
            machines.insert(name.clone(), facts.as_ref().clone());
        }
    }
    match refusal(asked.spec(), asked.name(), &duplicates(&machines)) {
        Some(refusal) => Err(refusal.into()),
        None => Ok(()),
    }
}

/// Makes the cluster. Where that fails the others stop: none of them makes it instead, and waiting leads nowhere.
async fn bear(
    asked: &Asked,
    facts: Facts,
    journal: Journal,
    release: &Release,
    others: &BTreeMap<String, Look>,
    turn: Turn,
) -> Result<Facts, Error> {
    let born = enter(asked, facts, journal, release, None, others, turn).await;
    if born.is_err() {
        asked.gate.failed(asked.name());
    }
    born
}

/// Stops where another server was to make the cluster, and failed in this run.
fn unborn(asked: &Asked) -> Result<(), Error> {
    let Some(other) = asked.gate.other_failed(asked.name()) else { return Ok(()) };
    let detail = format!(
        "{other} was to make the cluster, and failed: what stopped it is told with it. Apply again when the cause is gone."
    );
    Err(Refusal::new(format!("{} has no cluster to join", asked.name()), detail).into())
}

/// Makes the cluster, or joins it through another server. The next one may come in as soon as this one works.
async fn enter(
    asked: &Asked,
    facts: Facts,
    mut journal: Journal,
    release: &Release,
    through: Option<&str>,
    others: &BTreeMap<String, Look>,
    turn: Turn,
) -> Result<Facts, Error> {
    let joins = match through {
        Some(other) => joining(asked, &facts, other, others).await?,
        None => bearing(asked)?,
    };
    // What the cluster is born from is looked at before anything is written.
    let origin = match through {
        Some(_) => Origin::Nothing,
        None => rebirth::origin(asked).await?,
    };
    // The journal says who makes the cluster before anything of it is there.
    write(&asked.run, &mut journal, "configuration").await?;
    owned(asked, &facts, &mut journal).await?;
    configure(asked, &mut journal, &joins).await?;
    write(&asked.run, &mut journal, "program").await?;
    swap(&asked.run, &facts, release).await?;
    if let Origin::Snapshot(snapshot) = origin {
        write(&asked.run, &mut journal, "restore").await?;
        rebirth::restore(asked, *snapshot).await?;
    }
    write(&asked.run, &mut journal, "start").await?;
    let how = if facts.server.runs() { "restart" } else { "start" };
    let started = start(&asked.run, asked.unit(), how).await?;
    let watch = Watch::new(asked, started);
    ready(asked, journal, watch, Some(turn)).await
}

/// Waits until the server works, gives the turn on where it is given, and sees that it stays so while the rest is put right.
async fn ready(
    asked: &Asked,
    mut journal: Journal,
    mut watch: Watch<'_>,
    turn: Option<Turn>,
) -> Result<Facts, Error> {
    write(&asked.run, &mut journal, "gates").await?;
    if journal.birth {
        rebirth::admit(asked).await?;
    }
    let access = watch.works().await?;
    if journal.birth {
        rebirth::settle(asked, &access).await?;
    }
    let rest = watch.members_rest();
    let give_on = async {
        if turn.is_some() && asked.spec().servers.len() > 1 {
            tokio::time::sleep(rest).await;
        }
        drop(turn);
        Ok(())
    };
    let (facts, ..) = tokio::try_join!(put_right(asked, &mut journal, &access), watch.stays(), give_on)?;
    close(asked, journal, facts).await
}

/// What the first server begins with.
fn bearing(asked: &Asked) -> Result<Joins, Error> {
    let token = asked.given_token();
    if let Some(token) = &token {
        let at = tf_framework::Path::root().attribute("token");
        let parsed = Token::parse(token.expose())
            .map_err(|error| Refusal::new("The token cannot be used", format!("{error}.")).at(at.clone()))?;
        // A snapshot brings the authority with it.
        if parsed.authority.is_some() && asked.spec().restore.is_none() {
            let detail = "It names the authority of a cluster, and there is none yet: none of the servers has a database. Give the \
                          password alone; or, where this cluster was lost, `restore` it.";
            return Err(Refusal::new("The token is of a cluster that exists", detail).at(at).into());
        }
    }
    let agent_token = asked.node.agent_token.get().map(|token| transport_ssh::Secret::new(token.trim()));
    Ok(Joins { server: None, token, agent_token, birth: true })
}

/// What a server joins with.
async fn joining(
    asked: &Asked,
    facts: &Facts,
    other: &str,
    others: &BTreeMap<String, Look>,
) -> Result<Joins, Error> {
    let machines = asked.others()?;
    let (Some(machine), Some(Look::Seen(there))) = (machines.get(other), others.get(other)) else {
        return Err(waited(asked, "the server to join through is gone"));
    };
    same(asked, facts, other, there)?;
    let (token, agents) = token_of(asked, machine, false).await?;
    given_fits(asked, &token)?;
    let access = Access::open(machine, asked.distribution(), &asked.run.budget).await?;
    fits_beside(asked, access.kube()).await?;
    clear_stale(asked, facts, &access).await?;
    let has_agent_token = there.in_force().contains_key("agent-token");
    let address =
        address(there).ok_or_else(|| waited(asked, &format!("the address of {other} is not known")))?;
    Ok(Joins {
        server: Some(url(asked, &address)),
        token: Some(token),
        agent_token: agents.filter(|_| has_agent_token),
        birth: false,
    })
}

/// A token that was given is of the cluster that is joined.
fn given_fits(asked: &Asked, found: &transport_ssh::Secret) -> Result<(), Error> {
    let Some(given) = asked.given_token() else { return Ok(()) };
    let at = tf_framework::Path::root().attribute("token");
    let parsed = Token::parse(given.expose())
        .map_err(|error| Refusal::new("The token cannot be used", format!("{error}.")).at(at.clone()))?;
    let Ok(found) = Token::parse(found.expose()) else { return Ok(()) };
    let detail = if parsed.authority.is_some() && parsed.authority != found.authority {
        "It names another authority than the cluster's: it is of another cluster."
    } else if parsed.password.expose() != found.password.expose() {
        "It is another one than the cluster's. Leave it out, and it is read from a server."
    } else {
        return Ok(());
    };
    Err(Refusal::new("The token is not of this cluster", detail).at(at).into())
}

/// What must be the same on all servers is.
fn same(asked: &Asked, facts: &Facts, other: &str, there: &Facts) -> Result<(), Error> {
    let ours = asked.wanted()?;
    let mut files = facts.config.clone();
    let path = super::files::path(asked.distribution());
    files.retain(|file| file.path != path);
    files.push(crate::config::File { path: path.clone(), keys: ours.keys });
    files.sort_by(|a, b| (a.path.contains(".d/"), &a.path).cmp(&(b.path.contains(".d/"), &b.path)));
    let mut theirs: BTreeMap<String, InForce> = there.in_force();
    // Its token is no matter of the configuration.
    theirs.remove("agent-token");
    let mine = crate::config::merge(&files);
    let lines = parity((asked.name(), &mine), (other, &theirs));
    if lines.is_empty() {
        return Ok(());
    }
    Err(Refusal::new(
        format!("{} is configured differently from {other}", asked.name()),
        format!(
            "These must be the same on all servers:\n  - {}\n\nNothing was changed. Remove what was set by hand, or apply again if {other} was \
             just being changed.",
            lines.join("\n  - ")
        ),
    )
    .into())
}

/// A server that is in the cluster is brought to what is asked.
async fn member(
    asked: &Asked,
    facts: Facts,
    mut journal: Journal,
    release: &Release,
) -> Result<Facts, Error> {
    let changes = pending(asked, &facts)?;
    let upgrade = changes.iter().find_map(|change| match change {
        Pending::Version { from, .. } => Some(from.clone()),
        _ => None,
    });
    let restarts = changes.iter().any(Pending::restarts);
    if journal.unwell.is_none() && facts.server.active == "active" {
        journal.unwell =
            unwell(asked).await.inspect_err(|error| tracing::debug!(%error, "not looked at")).ok();
    }
    if restarts {
        if let Some(from) = &upgrade {
            allowed(from, &asked.version).map_err(|skew| {
                Refusal::new(
                    format!("{} cannot be {}", asked.name(), asked.version),
                    format!("{}.", capital(&skew.to_string())),
                )
            })?;
        }
        before(asked, &facts, &mut journal, upgrade.as_ref()).await?;
    }
    write(&asked.run, &mut journal, "configuration").await?;
    let files = owned(asked, &facts, &mut journal).await?;
    configure(asked, &mut journal, &Joins::default()).await?;
    write(&asked.run, &mut journal, "program").await?;
    swap(&asked.run, &facts, release).await?;
    let renews = changes.iter().any(Pending::renews);
    if renews {
        write(&asked.run, &mut journal, "certificates").await?;
        let d = asked.distribution();
        let script = include_str!("scripts/certificates.sh");
        asked.run.script("rotating the certificates", script, &[asked.unit(), d.binary()]).await?;
    }
    let started = match (facts.server.runs() && !renews, restarts || files) {
        (true, false) => {
            Started { since: crate::host::journal::now().saturating_sub(5), restarts: facts.server.restarts }
        }
        (runs, _) => {
            write(&asked.run, &mut journal, "start").await?;
            start(&asked.run, asked.unit(), if runs { "restart" } else { "start" }).await?
        }
    };
    let before = journal.clone();
    // One that goes on with what was begun has the new program already.
    let upgrade = upgrade.or_else(|| journal.before.parse().ok());
    // The turn is kept to the end: what stops this one may stop the others too.
    let served = renews.then(|| facts.served_until()).flatten();
    let unwell = journal.unwell.clone().unwrap_or_default();
    let watch = Watch::new(asked, started).serving_beyond(served).but(unwell);
    ready(asked, journal, watch, None).await.map_err(|error| undo(asked, error, upgrade.as_ref(), &before))
}
