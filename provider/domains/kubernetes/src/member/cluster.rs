//! The other servers of a node's cluster: what is true of them, and the way into the cluster through one of them.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::join_all;
use transport_ssh::{Budget, Secret};

use super::asked::Asked;
use super::birth::Look;
use crate::api::{Access, Condition, Member, Node};
use crate::errors::{Error, Refusal, chain};
use crate::host::{Facts, gather, glance};
use crate::quorum::Members;
use crate::token::Token;

/// How long one server may take to tell what is true of it.
const LOOK: Duration = Duration::from_secs(60);
/// How long a machine may start after the one that asks for it.
const STARTING: Duration = Duration::from_secs(60);

/// What is true of the other servers, asked side by side.
pub(super) async fn survey(asked: &Asked) -> Result<BTreeMap<String, Look>, Error> {
    let others = asked.others()?;
    let looks = others.iter().map(|(name, machine)| async move {
        let mut run = asked.on(machine);
        run.budget = run.budget.shortened(LOOK);
        let look = match glance(&run).await {
            Ok(facts) => Look::Seen(Box::new(facts)),
            Err(error) => Look::Unreached(chain(&error)),
        };
        (name.clone(), look)
    });
    Ok(join_all(looks).await.into_iter().collect())
}

/// Waits until these servers answer. Machines are made side by side, and one may ask while another still starts; one that
/// does not answer in time is for the next survey to tell.
pub(super) async fn started(asked: &Asked, names: impl Iterator<Item = &String>) -> Result<(), Error> {
    let machines: Vec<_> =
        names.map(|name| asked.starting(name, STARTING)).collect::<Result<Vec<_>, Error>>()?;
    tracing::info!(node = asked.name(), servers = machines.len(), "waits for servers that may be starting");
    join_all(machines.into_iter().flatten().map(|machine| async move {
        if let Err(error) = gather(&asked.on(&machine)).await {
            tracing::warn!(machine = machine.name(), error = %chain(&error), "it was waited for");
        }
    }))
    .await;
    Ok(())
}

/// The way into the cluster through one server of it.
pub(crate) struct Through {
    pub(crate) name: String,
    pub(crate) access: Access,
}

/// The way into the cluster through the first of its servers that works, `but` not this one.
///
/// # Errors
/// None works, and why not.
pub(crate) async fn any_server(asked: &Asked, but: Option<&str>) -> Result<Through, Error> {
    let mut why = Vec::new();
    let budget = asked.run.budget.shortened(LOOK);
    let mut machines = asked.others()?;
    if asked.is_server() {
        machines.insert(asked.name().to_owned(), asked.run.machine.clone());
    }
    for (name, machine) in machines {
        if but == Some(name.as_str()) {
            continue;
        }
        match reach(asked, &machine, &budget).await {
            Ok(access) => return Ok(Through { name, access }),
            Err(error) => why.push(format!("  - {name}: {}", chain(&error))),
        }
    }
    Err(Refusal::new(
        format!("No server of the cluster {:?} works", asked.spec().name),
        format!("Asked were:\n{}", why.join("\n")),
    )
    .into())
}

async fn reach(asked: &Asked, machine: &hosts::Machine, budget: &Budget) -> Result<Access, Error> {
    let access = Access::open(machine, asked.distribution(), budget).await?;
    access.kube().readyz(budget).await?;
    Ok(access)
}

/// The token that others join with, read on a server: always the whole form, which pins the authority.
///
/// # Errors
/// It is not there, or is no such token.
pub(super) async fn token_of(
    asked: &Asked,
    server: &hosts::Machine,
    for_agent: bool,
) -> Result<(Secret, Option<Secret>), Error> {
    let data = asked.distribution().data_dir();
    let script = r#"cat -- "$1/server/token"; echo; [ -f "$1/server/agent-token" ] && cat -- "$1/server/agent-token"; exit 0"#;
    let said = asked.on(server).script("reading the token", script, &[data]).await?;
    let lines: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let whole =
        |line: Option<&&str>| line.and_then(|line| Token::parse(line).ok()).and_then(|token| token.pinned());
    let (own, agents) = (whole(lines.first()), whole(lines.get(1)));
    let Some(own) = own else {
        return Err(Error::Answer {
            machine: server.name().to_owned(),
            problem: format!("{data}/server/token is not there or is no token of the whole form"),
        });
    };
    match (for_agent, agents) {
        (true, Some(agents)) => Ok((agents, None)),
        (_, agents) => Ok((own, agents)),
    }
}

/// Whether a member of the database is this node's: its name is the node's, `-` and eight hexadecimal digits.
pub(crate) fn is_of(member: &Member, node: &str) -> bool {
    let digits = member.name.strip_prefix(node).and_then(|rest| rest.strip_prefix('-'));
    digits.is_some_and(|digits| digits.len() == 8 && digits.chars().all(|c| c.is_ascii_hexdigit()))
}

/// Members as they are, with the health that their nodes tell.
pub(super) fn count(members: &[Member], nodes: &[Node]) -> Members {
    let healthy = |member: &Member| {
        let node = nodes.iter().find(|node| is_of(member, &node.name));
        node.is_some_and(|node| {
            node.is_ready() && node.condition("EtcdIsVoter").is_none_or(Condition::is_true)
        })
    };
    let voters: Vec<&Member> = members.iter().filter(|member| !member.is_learner).collect();
    Members {
        voters: voters.len(),
        healthy: voters.iter().copied().filter(|member| healthy(member)).count(),
        learners: members.len() - voters.len(),
    }
}

/// A URL of a server for `server:`.
pub(super) fn url(asked: &Asked, address: &str) -> String {
    let port = asked.distribution().supervisor_port();
    if address.contains(':') {
        format!("https://[{address}]:{port}")
    } else {
        format!("https://{address}:{port}")
    }
}

/// The address of a server, as the cluster knows it.
pub(super) fn address(facts: &Facts) -> Option<String> {
    let journal =
        facts.journal.as_ref().map(|journal| journal.address.clone()).filter(|address| !address.is_empty());
    journal.or_else(|| facts.address())
}
