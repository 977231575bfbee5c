//! Two operators with two copies of the state at one cluster: one is refused while the other is at work, and goes on where it died.

use std::time::Duration;

use acceptance_tests::kubernetes::{Distribution, Machine, Scene};
use acceptance_tests::real::Declared;
use acceptance_tests::{Workspace, wait_until};
use anyhow::{Context as _, Result, ensure};
use hybridops_lab::{Moment, Stop, Strike};

const RKE2: Distribution = Distribution::Rke2;

/// Three servers; those named here are configured differently from before.
fn declared(scene: &Scene, servers: &[&Machine], changed: &[(&str, &str)]) -> Vec<Declared> {
    let whole = scene.whole(RKE2, "v1.33.4", servers, &[]);
    let change = |one: Declared| {
        if one.address().contains("_cluster.") {
            return one;
        }
        let one = one.set("timeouts", "{ update = \"150s\" }");
        let of = changed.iter().find(|(name, _)| one.address().ends_with(&format!("_node.{name}")));
        match of {
            Some((_, pods)) => {
                one.set("extra_config", format!("yamlencode({{ \"kubelet-arg\" = [\"max-pods={pods}\"] }})"))
            }
            None => one,
        }
    };
    whole.into_iter().map(change).collect()
}

fn declare(ws: &Workspace, declared: &[Declared]) -> Result<()> {
    ws.write("main.tf", &declared.iter().map(Declared::hcl).collect::<Vec<_>>().join("\n"))
}

/// Who a workspace's operator is, as messages name it.
fn operator(ws: &Workspace) -> String {
    format!(":{}", ws.directory().display())
}

#[test]
fn a_second_operator_is_refused_and_goes_on_where_the_first_died() -> Result<()> {
    let Some(scene) = Scene::start("rke2 two operators")? else { return Ok(()) };
    let [a, b, c] = scene.machines(11, ["a", "b", "c"])?;
    let servers = [&a, &b, &c];
    let all = |changed: &[(&str, &str)]| declared(&scene, &servers, changed);
    scene.converge(&all(&[]).iter().collect::<Vec<_>>())?;
    scene.tell("three servers stand")?;
    let other = scene.other_operator()?;

    // One changes b, which takes its time.
    scene.fault(&b, "slow-ready", "40")?;
    declare(&scene.ws, &all(&[("b", "120")]))?;
    std::thread::scope(|scope| -> Result<()> {
        let first = scope.spawn(|| scene.ws.apply()?.ok());
        let journal = "cat /var/lib/hybridops/rke2/journal.json";
        wait_until("b to be changed", Duration::from_secs(60), || {
            Ok(scene.exec(&b, journal)?.contains("\"step\":\"gates\""))
        })?;
        // The other may change neither the same server nor another one.
        declare(&other, &all(&[("b", "130")]))?;
        let said = other
            .apply()?
            .fails()?
            .says("is being changed by somebody else")?
            .says("has been changing it since 20")?;
        said.says(&operator(&scene.ws))?.says("at the step \"gates\"")?.says("Let that run end")?;
        declare(&other, &all(&[("c", "130")]))?;
        let said = other.apply()?.fails()?.says("c is not changed while somebody else changes b")?;
        said.says(&operator(&scene.ws))?;
        scene.tell("the second operator was refused at both servers")?;
        first.join().map_err(|_| anyhow::anyhow!("it panicked"))??;
        Ok(())
    })?;
    scene.heal(&b, "")?;
    scene.ws.expect_empty_plan()?;
    let text = scene.exec(&b, "cat /etc/rancher/rke2/config.yaml.d/50-hybridops.yaml")?;
    ensure!(text.contains("max-pods=120"), "{text}");

    // It dies in the middle of c. Its hold stays, and the other is still refused.
    let doors = scene.real()?.doors();
    doors.arm(Stop {
        target: "c".to_owned(),
        command: "Starts or restarts a service".to_owned(),
        moment: Moment::Before,
        strike: Strike::KillClient,
        ..Stop::default()
    })?;
    declare(&scene.ws, &all(&[("b", "120"), ("c", "120")]))?;
    scene.ws.apply()?.fails()?;
    doors.release();
    declare(&other, &all(&[("b", "120"), ("c", "120")]))?;
    other.apply()?.fails()?.says("is being changed by somebody else")?.says(&operator(&scene.ws))?;
    scene.tell("the first died, and the second is still refused")?;
    // Time goes by.
    let lease = "/var/lib/hybridops/rke2/lease";
    let held = scene.exec(&c, &format!("cat {lease}; sed -i 2s/.*/1000/ {lease}"))?;
    let until: u64 = held.lines().nth(1).context("a time")?.parse()?;
    let now: u64 = scene.exec(&c, "date +%s")?.parse()?;
    ensure!(until > now && until <= now + 180, "{held} at {now}");
    other.apply()?.ok()?;
    other.expect_empty_plan()?;
    scene.tell("when its hold was over the second went on")?;
    let text = scene.exec(&c, "cat /etc/rancher/rke2/config.yaml.d/50-hybridops.yaml")?;
    ensure!(text.contains("max-pods=120"), "{text}");
    scene.expect_voters(RKE2, &a, &servers)?;
    scene.expect_nodes(RKE2, &a, "v1.33.4", &servers)
}
