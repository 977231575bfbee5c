//! An agent: joins when the servers are there, and is never newer than they are.

use std::time::{Duration, Instant};

use super::asked::Asked;
use super::birth::Look;
use super::change::{Pending, pending};
use super::cluster::{address, any_server, survey, token_of, url};
use super::files::{Joins, Started, configure, owned, start};
use super::leave::clear_stale;
use super::preflight::refuse;
use super::ready::Watch;
use super::restart::fits_beside;
use super::server::ahead;
use super::settle::{close, put_right};
use crate::drain::{DrainPolicy, drain};
use crate::errors::{Error, Refusal};
use crate::host::journal::write;
use crate::host::lease::take_lease;
use crate::host::{Facts, gather};
use crate::install::swap;

/// How long servers are waited for that nobody in this run is working at.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks at the servers.
const PAUSE: Duration = Duration::from_secs(3);

pub(super) async fn converge(asked: &Asked) -> Result<Facts, Error> {
    let facts = gather(&asked.run).await?;
    refuse(asked, &facts).await?;
    let (mut journal, release, _held) = ahead(asked, &facts).await?;
    servers(asked).await?;
    let place = asked.run.budget.run(|| "waiting for the other agents".to_owned(), asked.gate.agent()).await;
    let _place = place.map_err(|why| Error::Ended {
        what: format!("{} waited for its turn", asked.name()),
        why: why.to_string(),
    })?;
    take_lease(&asked.run).await?;
    let facts = gather(&asked.run).await?;
    let through = any_server(asked, None).await?;
    fits_beside(asked, through.access.kube()).await?;
    let changes = pending(asked, &facts)?;
    let upgrades = changes.iter().any(|change| matches!(change, Pending::Version { .. }));
    if upgrades && facts.agent.active == "active" && asked.spec().drains() {
        write(&asked.run, &mut journal, "drain").await?;
        let policy = DrainPolicy { timeout: asked.spec().drain_timeout(), ..DrainPolicy::default() };
        let name = asked.name().to_owned();
        let told = move |line: &str| tracing::info!(node = %name, "{line}");
        drain(through.access.kube(), asked.name(), &policy, &asked.run.budget, &told).await.map_err(|error| {
            Refusal::new(
                format!("{} cannot be emptied", asked.name()),
                format!("{error}\n\nIts version was not changed. Apply again when the cause is gone, or set `upgrade.drain` to false."),
            )
        })?;
    }
    let joins = joins(asked, &facts, &through.name).await?;
    if !facts.database.agent {
        clear_stale(asked, &facts, &through.access).await?;
    }
    write(&asked.run, &mut journal, "configuration").await?;
    let files = owned(asked, &facts, &mut journal).await?;
    configure(asked, &mut journal, &joins).await?;
    write(&asked.run, &mut journal, "program").await?;
    swap(&asked.run, &facts, &release).await?;
    let restarts = files || changes.iter().any(Pending::restarts);
    let started = match (facts.agent.runs(), restarts) {
        (true, false) => {
            Started { since: crate::host::journal::now().saturating_sub(5), restarts: facts.agent.restarts }
        }
        (runs, _) => {
            write(&asked.run, &mut journal, "start").await?;
            start(&asked.run, asked.unit(), if runs { "restart" } else { "start" }).await?
        }
    };
    write(&asked.run, &mut journal, "gates").await?;
    let mut watch = Watch::new(asked, started);
    let access = watch.works().await?;
    let (facts, ()) = tokio::try_join!(put_right(asked, &mut journal, &access), watch.stays())?;
    close(asked, journal, facts).await
}

/// Waits until all servers are there and at least as new.
async fn servers(asked: &Asked) -> Result<(), Error> {
    let mut idle = Instant::now();
    loop {
        let missing = missing(asked).await?;
        if missing.is_empty() {
            return Ok(());
        }
        if asked.gate.is_busy() {
            idle = Instant::now();
        }
        let late = asked.run.budget.remaining().is_some_and(|left| left < Duration::from_secs(10));
        if late || idle.elapsed() > PATIENCE {
            return Err(Refusal::new(
                format!("{} cannot join: the servers are not ready", asked.name()),
                format!(
                    "Agents come after the servers, and are never newer:\n  - {}\n\nLet agents depend on servers, \
                     `depends_on = [hybridops_{}_node.server]`, and apply again.",
                    missing.join("\n  - "),
                    asked.distribution().name()
                ),
            )
            .into());
        }
        tracing::info!(node = asked.name(), missing = %missing.join("; "), "waits for the servers");
        let slept =
            asked.run.budget.run(|| "waiting for the servers".to_owned(), tokio::time::sleep(PAUSE)).await;
        slept.map_err(|why| Error::Ended {
            what: format!("{} waited for the servers", asked.name()),
            why: why.to_string(),
        })?;
    }
}

/// What is missing of the servers, each as a line.
async fn missing(asked: &Asked) -> Result<Vec<String>, Error> {
    let takes = |facts: &Facts| {
        let journal = facts.journal.as_ref().filter(|journal| journal.joined);
        journal.is_some_and(|journal| asked.spec().rotated().beyond(&journal.rotated).token)
    };
    let line = |(name, look): (String, Look)| match look {
        Look::Unreached(why) => Some(format!("{name} cannot be asked: {why}")),
        Look::Seen(facts) if !facts.database.etcd => Some(format!("{name} is not in the cluster yet")),
        Look::Seen(facts) if facts.server.active != "active" => {
            Some(format!("the service of {name} is {}", facts.server.active))
        }
        Look::Seen(facts) => match &facts.installed {
            Some(version) if version.cmp_precedence(&asked.version).is_lt() => {
                Some(format!("{name} runs {version} still"))
            }
            _ => takes(&facts).then(|| format!("{name} runs with the token from before its rotation")),
        },
    };
    Ok(survey(asked).await?.into_iter().filter_map(line).collect())
}

/// Whom it joins: through the registration address, or the server that was asked.
async fn joins(asked: &Asked, facts: &Facts, through: &str) -> Result<Joins, Error> {
    let machines = asked.others()?;
    let Some(machine) = machines.get(through) else { return Ok(Joins::default()) };
    let (token, _) = token_of(asked, machine, true).await?;
    let registration = asked.spec().registration_address.clone();
    // One that has joined stays with the server it was told, unless that is no server any more.
    let told = facts.in_force().get("server").and_then(|it| it.value.as_str().map(str::to_owned));
    let looks = gather(&asked.on(machine)).await?;
    let address = registration.clone().or_else(|| address(&looks));
    let server = address.map(|address| url(asked, &address));
    let keep = registration.is_none() && told.is_some() && facts.journal.as_ref().is_some_and(|it| it.joined);
    let server = if keep && still(asked, told.as_deref()).await? { told } else { server };
    Ok(Joins { server, token: Some(token), agent_token: None, birth: false })
}

/// Whether a URL names a server of the cluster.
async fn still(asked: &Asked, told: Option<&str>) -> Result<bool, Error> {
    let looks = survey(asked).await?;
    let seen = looks.values().filter_map(|look| match look {
        Look::Seen(facts) => address(facts),
        Look::Unreached(_) => None,
    });
    Ok(seen.map(|address| url(asked, &address)).any(|url| Some(url.as_str()) == told))
}
