//! Clusters are made: one server, three, three with agents.

use std::time::Instant;

use acceptance_tests::kubernetes::{Distribution, Scene};
use acceptance_tests::real::CommandLines;
use anyhow::{Result, ensure};

const RKE2: Distribution = Distribution::Rke2;

#[test]
fn one_server() -> Result<()> {
    let Some(scene) = Scene::start("rke2 one server")? else { return Ok(()) };
    let [a] = scene.machines(11, ["a"])?;
    let whole = scene.whole(RKE2, "v1.33.4", &[&a], &[]);
    let declared: Vec<_> = whole.iter().collect();
    scene.tell("machines are there")?;
    scene.converge(&declared)?;
    scene.tell("one server stands")?;
    scene.expect_voters(RKE2, &a, &[&a])?;
    ensure!(scene.unit(&a, "rke2-server")?.is_active());
    Ok(())
}

#[test]
fn three_servers_and_three_agents() -> Result<()> {
    let Some(scene) = Scene::start("rke2 three servers and three agents")? else { return Ok(()) };
    let [a, b, c, d, e, f] = scene.machines(11, ["a", "b", "c", "d", "e", "f"])?;
    let (servers, agents) = ([&a, &b, &c], [&d, &e, &f]);
    let all = [&a, &b, &c, &d, &e, &f];
    let before: Vec<usize> = all.iter().map(|machine| scene.connections(machine)).collect::<Result<_>>()?;
    let whole = scene.whole(RKE2, "v1.33.4", &servers, &agents);
    let declared: Vec<_> = whole.iter().collect();
    scene.declare(&declared)?;
    scene.tell("machines are there")?;
    let began = Instant::now();
    let seen = CommandLines::begin();
    scene.ws.apply()?.ok()?;
    let took = began.elapsed();
    scene.tell(&format!("the cluster stands after {:.1} s", took.as_secs_f64()))?;
    for (machine, before) in all.iter().zip(before) {
        let logins = scene.connections(machine)? - before;
        scene.tell(&format!("{}: {logins} logins", machine.name))?;
        // Terraform plans and applies with one process each.
        ensure!(logins <= 2, "{} was logged in to {logins} times", machine.name);
    }
    scene.ws.expect_empty_plan()?;
    scene.expect_voters(RKE2, &a, &servers)?;
    scene.expect_nodes(RKE2, &b, "v1.33.4", &all)?;
    // No server is the first one: each names another way into the cluster.
    for server in servers {
        let text = scene.exec(server, "cat /etc/rancher/rke2/config.yaml.d/50-hybridops.yaml")?;
        ensure!(
            text.contains("server: \"https://") && text.contains("token: \"K10"),
            "{}: {text}",
            server.name
        );
    }
    let downloads = scene.releases.downloads();
    // The list of sums is read once by the plan, and once more by the plan that an apply begins with.
    let programs = downloads.iter().filter(|(path, _)| path.ends_with(".tar.gz"));
    ensure!(programs.map(|(_, count)| count).eq([&1]), "the program was not fetched once: {downloads:?}");
    let kept = scene.kept_secrets(RKE2, &a)?;
    scene.expect_no_secret(&seen.end(), &kept, &all)
}
