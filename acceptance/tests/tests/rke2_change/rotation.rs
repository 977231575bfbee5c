//! Rotation of tokens and certificates: every node takes what is new, one server at a time, and what is old is refused.

use std::collections::BTreeSet;
use std::time::Duration;

use acceptance_tests::kubernetes::{Distribution, JOIN_TOKEN, Machine, Quorum, Scene, Wanted};
use acceptance_tests::real::{CommandLines, Declared, Kills};
use anyhow::{Context as _, Result, ensure};

/// What tokens are rotated to.
const NEW: &str = "canary-rotated-5b1f7c90ad3e4826";
const OF_AGENTS: &str = "canary-agents-e20c64ba9d7f1835";

/// The cluster and its nodes, whose servers are given `token` where they are made, with a rotation.
fn declared(
    scene: &Scene,
    of: Distribution,
    servers: &[&Machine],
    agents: &[&Machine],
    token: &str,
    rotation: &str,
) -> Vec<Declared> {
    let whole = scene.whole(of, "v1.33.4", servers, agents);
    let change = |one: Declared| {
        let one = match one.address().contains("_cluster.") {
            true if !rotation.is_empty() => one.set("rotation", format!("{{ {rotation} }}")),
            true => one,
            false => one.set("timeouts", "{ create = \"3m\", update = \"3m\" }"),
        };
        let is_server =
            servers.iter().any(|machine| one.address().ends_with(&format!("_node.{}", machine.name)));
        if is_server { one.set("token", format!("var.{token}")) } else { one }
    };
    whole.into_iter().map(change).collect()
}

fn refs(declared: &[Declared]) -> Vec<&Declared> {
    declared.iter().collect()
}

/// More ephemeral variables, whose values are secrets.
fn plant(scene: &mut Scene) -> Result<()> {
    let mut text = scene.ws.read("variables.tf")?;
    for (name, value) in [("token_new", NEW), ("token_agents", OF_AGENTS)] {
        text += &format!(
            "variable \"{name}\" {{\n  type      = string\n  ephemeral = true\n  sensitive = true\n}}\n"
        );
        scene.ws.set_env(&format!("TF_VAR_{name}"), value);
        scene.secrets.add(value);
    }
    scene.ws.write("variables.tf", &text)
}

/// When services were started last.
fn starts(scene: &Scene, of: Distribution, servers: &[&Machine], agents: &[&Machine]) -> Result<Vec<String>> {
    let unit = |machine: &&Machine, unit: &str| -> Result<String> {
        Ok(scene.unit(machine, unit)?.get("ActiveEnterTimestampMonotonic").to_owned())
    };
    let servers = servers.iter().map(|machine| unit(machine, of.server_unit()));
    servers.chain(agents.iter().map(|machine| unit(machine, of.agent_unit()))).collect()
}

/// What a supervisor answers to a token: the status of a request that this user may make.
fn answer(
    scene: &Scene,
    of: Distribution,
    server: &Machine,
    user: &str,
    token: &str,
    path: &str,
) -> Result<String> {
    let url = format!("https://127.0.0.1:{}/v1-{}/{path}", of.supervisor_port(), of.name());
    scene.exec(server, &format!("curl -sk -o /dev/null -w '%{{http_code}}' -u {user}:{token} {url}"))
}

/// All of it for one distribution: the token of servers, then that of agents, and a node that joins afterwards.
fn tokens(of: Distribution) -> Result<()> {
    let Some(mut scene) = Scene::start(&format!("{} rotation of tokens", of.name()))? else { return Ok(()) };
    plant(&mut scene)?;
    let [a, b, c, d, e] = scene.machines(11, ["a", "b", "c", "d", "e"])?;
    let (servers, all) = ([&a, &b, &c], [&a, &b, &c, &d]);
    let with = |agents: &[&Machine], token: &str, rotation: &str| {
        declared(&scene, of, &servers, agents, token, rotation)
    };
    scene.converge(&refs(&with(&[&d], "token", "")))?;
    scene.tell("the cluster stands")?;
    let before = starts(&scene, of, &servers, &[&d])?;
    let quorum = Quorum::watch(&scene, of, &servers)?;
    // What this test itself gives to curl is not what is looked for.
    let mut seen = BTreeSet::new();

    // The same token is no new one, and a version alone is nothing that was given.
    let same = with(&[&d], "token", "token = var.token, token_version = 1");
    scene.refused(&refs(&same), &["The new token is the old one", "Nothing was changed"])?;

    let first = "token = var.token_new, token_version = 1";
    let rotated = with(&[&d], "token_new", first);
    scene.declare(&refs(&rotated))?;
    scene.ws.plan()?.ok()?.says("The token of the cluster is rotated")?.says("token from before")?;
    let lines = CommandLines::begin();
    scene.converge(&refs(&rotated))?;
    seen.extend(lines.end());
    scene.tell("the token of servers was rotated")?;
    let after = starts(&scene, of, &servers, &[&d])?;
    ensure!(
        before.iter().zip(&after).all(|(old, new)| old != new),
        "not all were restarted: {before:?} {after:?}"
    );
    for server in servers {
        ensure!(
            answer(&scene, of, server, "server", NEW, "server-bootstrap")? == "200",
            "{} does not know the new one",
            server.name
        );
        ensure!(
            answer(&scene, of, server, "server", JOIN_TOKEN, "server-bootstrap")? == "401",
            "{} takes the old one",
            server.name
        );
    }
    let snapshots = scene.exec(&a, &format!("ls {}/server/db/snapshots", of.data()))?;
    ensure!(snapshots.contains("before-token-1"), "{snapshots}");
    // The same number again is nothing.
    scene.converge(&refs(&rotated))?;
    ensure!(starts(&scene, of, &servers, &[&d])? == after, "it was rotated again");

    // Agents get a token of their own, and another one joins with it.
    let both = format!("{first}, agent_token = var.token_agents, agent_token_version = 1");
    let lines = CommandLines::begin();
    scene.converge(&refs(&with(&[&d, &e], "token_new", &both)))?;
    seen.extend(lines.end());
    scene.tell("agents have a token of their own, and another agent joined with it")?;
    for server in servers {
        ensure!(
            answer(&scene, of, server, "node", OF_AGENTS, "config")? == "200",
            "{} does not know it",
            server.name
        );
        ensure!(
            answer(&scene, of, server, "node", NEW, "config")? == "401",
            "{} takes the servers' for an agent",
            server.name
        );
    }
    let watched = quorum.end();
    scene.tell(&format!("etcd was asked: {watched:?}"))?;
    watched.expect_kept(Duration::from_secs(10))?;
    scene.expect_nodes(of, &b, "v1.33.4", &[&a, &b, &c, &d, &e])?;

    // A server that comes anew joins with the new token, and is refused with the old one.
    let renewed = |token: &str| -> Vec<Declared> {
        let mark = |one: Declared| {
            if one.address().ends_with("_node.c") { one.text("machine_id", "2") } else { one }
        };
        with(&[&d, &e], token, &both).into_iter().map(mark).collect()
    };
    scene.refused(&refs(&renewed("token")), &["The token is not of this cluster"])?;
    scene.converge(&refs(&renewed("token_new")))?;
    scene.tell("a server was refused with the old token, and joined with the new one")?;
    scene.expect_voters(of, &a, &servers)?;
    let kept = scene.kept_secrets(of, &a)?;
    scene.expect_no_secret(&seen, &kept, &all)
}

#[test]
fn tokens_of_rke2() -> Result<()> {
    tokens(Distribution::Rke2)
}

#[test]
fn tokens_of_k3s() -> Result<()> {
    tokens(Distribution::K3s)
}

/// The provider dies at one command over SSH after the other.
#[test]
fn a_token_is_rotated_though_the_provider_is_killed() -> Result<()> {
    const RKE2: Distribution = Distribution::Rke2;
    let Some(mut scene) = Scene::with("rke2 rotation of a token, killed", Wanted::default())? else {
        return Ok(());
    };
    plant(&mut scene)?;
    let [a, d] = scene.machines(11, ["a", "d"])?;
    scene.converge(&refs(&declared(&scene, RKE2, &[&a], &[&d], "token", "")))?;
    let rotated =
        declared(&scene, RKE2, &[&a], &[&d], "token_new", "token = var.token_new, token_version = 1");
    let count = scene.converge_though_struck(&refs(&rotated), &Kills { part: (0, 5), ..Kills::default() })?;
    scene.tell(&format!("rotated though it was killed {count} times"))?;
    ensure!(
        answer(&scene, RKE2, &a, "server", NEW, "server-bootstrap")? == "200",
        "the new token is not taken"
    );
    ensure!(
        answer(&scene, RKE2, &a, "server", JOIN_TOKEN, "server-bootstrap")? == "401",
        "the old token is taken"
    );
    scene.expect_nodes(RKE2, &a, "v1.33.4", &[&a, &d])
}

/// When the certificate ends that a port shows, in seconds since 1970.
fn served(scene: &Scene, server: &Machine, port: u16) -> Result<i64> {
    let shown = format!(
        "echo | openssl s_client -connect 127.0.0.1:{port} 2>/dev/null | openssl x509 -noout -enddate"
    );
    let end = scene.exec(server, &format!("date -d \"$({shown} | cut -d= -f2)\" +%s"))?;
    end.parse().with_context(|| format!("{end:?} is no time"))
}

/// Renewed before they end, and when they are asked for; each port shows the new one.
fn certificates(of: Distribution) -> Result<()> {
    let Some(scene) = Scene::start(&format!("{} certificates", of.name()))? else { return Ok(()) };
    let ports: Vec<u16> = BTreeSet::from([of.supervisor_port(), 6443]).into_iter().collect();
    let [a, b, c, d] = scene.machines(11, ["a", "b", "c", "d"])?;
    let (servers, all) = ([&a, &b, &c], [&a, &b, &c, &d]);
    let with = |rotation: &str| declared(&scene, of, &servers, &[&d], "token", rotation);
    scene.converge(&refs(&with("")))?;
    scene.tell("the cluster stands")?;
    // Most of a year goes by.
    let age = format!(
        "{} certificate rotate 2>/dev/null; systemctl restart {}; rm /etc/rke2-standin/faults/short-certs",
        of.name(),
        of.server_unit()
    );
    for server in servers {
        scene.fault(server, "short-certs", "30")?;
        scene.exec(server, &age)?;
    }
    let days = |from: i64, now: i64| (from - now) / 86_400;
    let now: i64 = scene.exec(&a, "date +%s")?.parse()?;
    for server in servers {
        for &port in &ports {
            ensure!(
                days(served(&scene, server, port)?, now) < 31,
                "{} shows a young certificate",
                server.name
            );
        }
    }
    let before = starts(&scene, of, &servers, &[&d])?;
    let quorum = Quorum::watch(&scene, of, &servers)?;
    scene.declare(&refs(&with("")))?;
    scene.ws.plan()?.ok()?.says("Certificates of platform/a are renewed")?.says("certificate_expiry")?;
    scene.converge(&refs(&with("")))?;
    scene.tell("certificates that were about to end were renewed")?;
    let after = starts(&scene, of, &servers, &[&d])?;
    ensure!(before.iter().zip(&after).take(3).all(|(old, new)| old != new), "not all servers were restarted");
    ensure!(before.last() == after.last(), "the agent was restarted, whose certificates are young");
    let mut ends = Vec::new();
    for server in servers {
        for &port in &ports {
            let end = served(&scene, server, port)?;
            ensure!(
                days(end, now) > 300,
                "{}:{port} shows a certificate of {} days",
                server.name,
                days(end, now)
            );
            ends.push(end);
        }
    }
    // Asked for, whatever they have left.
    scene.converge(&refs(&with("certificates = 1")))?;
    scene.tell("certificates were rotated because it was asked for")?;
    let mut old = ends.into_iter();
    for server in servers {
        for &port in &ports {
            let (end, before) = (served(&scene, server, port)?, old.next().context("a time")?);
            ensure!(end > before, "{}:{port} shows the certificate from before", server.name);
        }
    }
    let last = starts(&scene, of, &servers, &[&d])?;
    ensure!(after.iter().zip(&last).all(|(old, new)| old != new), "not all were restarted");
    let watched = quorum.end();
    scene.tell(&format!("etcd was asked: {watched:?}"))?;
    watched.expect_kept(Duration::from_secs(10))?;
    scene.expect_nodes(of, &a, "v1.33.4", &all)
}

#[test]
fn certificates_of_rke2() -> Result<()> {
    certificates(Distribution::Rke2)
}

#[test]
fn certificates_of_k3s() -> Result<()> {
    certificates(Distribution::K3s)
}
