//! The examples of the documentation of clusters, applied on real machines with the stand-in for RKE2 and K3s: as they stand
//! there, with the places of the laboratory instead of those of a reader.

use std::fs;
use std::path::Path;

use acceptance_tests::kubernetes::{ACCEPTED, Distribution, Machine, Scene};
use anyhow::{Context as _, Result, ensure};

/// An example, with what is replaced in it and by what. Each must be there: an example that is another one by now is
/// noticed.
fn placed(path: &str, places: &[(String, String)]) -> Result<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(path);
    let mut text = fs::read_to_string(&path).with_context(|| format!("{}", path.display()))?;
    for (of_reader, of_laboratory) in places {
        ensure!(text.contains(of_reader), "{} does not say {of_reader:?}", path.display());
        text = text.replace(of_reader, of_laboratory);
    }
    Ok(text)
}

/// The machines instead of those at these addresses.
fn at(machines: &[(&str, &Machine)]) -> Vec<(String, String)> {
    machines
        .iter()
        .map(|(host, machine)| (format!("host = \"{host}\""), format!("host = \"{}\"", machine.address)))
        .collect()
}

/// The releases of the laboratory, and what a container cannot have.
fn released(scene: &Scene, distribution: Distribution) -> (String, String) {
    let version = format!("\"{}\"\n", distribution.version("v1.33.4"));
    let accepted = ACCEPTED.map(|code| format!("\"{code}\"")).join(", ");
    let with = format!(
        "{version}  artefacts = {{ source = \"{}\", ca_certificate = file(\"releases.pem\") }}\n  \
         preflight = {{ accept = [{accepted}] }}\n  deletion_protection = false\n",
        scene.releases.source(distribution.name())
    );
    (version, with)
}

fn prepared(scene: &Scene, machines: &[&Machine]) -> Result<()> {
    scene.ws.remove("variables.tf")?;
    scene.ws.write("releases.pem", scene.releases.ca())?;
    for machine in machines {
        scene.ws.write(&format!("{}.pub", machine.name), &machine.host_key)?;
    }
    Ok(())
}

/// Applies; a second plan must be empty.
fn applied(scene: &Scene, what: &str) -> Result<()> {
    let output = scene.ws.apply()?.ok().with_context(|| scene.situation())?;
    scene.ws.expect_empty_plan()?;
    let took = output.took.as_secs_f64();
    scene.tell(&format!("{what}: applied in {took:.1} s, the second plan is empty"))
}

fn of_a_cluster(test: &str, distribution: Distribution) -> Result<()> {
    let Some(scene) = Scene::start(test)? else { return Ok(()) };
    let name = distribution.name();
    let [a, b, c] = scene.machines(11, ["platform-a", "platform-b", "platform-c"])?;
    prepared(&scene, &[&a, &b, &c])?;
    let mut places = at(&[("10.8.0.11", &a), ("10.8.0.12", &b), ("10.8.0.13", &c)]);
    places.push((format!("{name}.example.com"), a.address.clone()));
    places.push(released(&scene, distribution));
    let path = |kind: &str, file: &str| format!("{kind}/hybridops_{name}_{file}");
    scene.ws.write("main.tf", &placed(&path("resources", "cluster/resource.tf"), &places)?)?;
    applied(&scene, &format!("hybridops_{name}_cluster"))?;
    let members = scene.members(distribution, &a)?;
    ensure!(members.len() == 3 && members.iter().all(|member| !member.is_learner), "{members:?}");

    let server = at(&[("10.8.0.11", &a)]);
    scene.ws.write("snapshot.tf", &placed(&path("resources", "etcd_snapshot/resource.tf"), &server)?)?;
    applied(&scene, &format!("hybridops_{name}_etcd_snapshot"))?;
    scene.ws.write("snapshots.tf", &placed(&path("data-sources", "snapshots/data-source.tf"), &server)?)?;
    applied(&scene, &format!("hybridops_{name}_snapshots"))?;
    let newest = scene.ws.run(&["output", "-raw", "newest"])?.ok()?;
    newest.says("before-change-")?;
    let stable = "name = \"stable\"".to_owned();
    let asked = format!(
        "{stable}\n  channel_server = \"{}\"\n  ca_certificate = file(\"releases.pem\")",
        scene.releases.channel_server(name)
    );
    scene
        .ws
        .write("channel.tf", &placed(&path("data-sources", "channel/data-source.tf"), &[(stable, asked)])?)?;
    applied(&scene, &format!("hybridops_{name}_channel"))?;
    scene.ws.run(&["output", "-raw", "stable"])?.ok()?.says(&distribution.version("v1.33.4"))?;
    scene.ws.destroy()?.ok()?;
    Ok(())
}

#[test]
fn of_a_cluster_of_rke2() -> Result<()> {
    of_a_cluster("of_a_cluster_of_rke2", Distribution::Rke2)
}

#[test]
fn of_a_cluster_of_k3s() -> Result<()> {
    of_a_cluster("of_a_cluster_of_k3s", Distribution::K3s)
}

/// A server and an agent; each is forgotten and imported again.
fn of_nodes(test: &str, distribution: Distribution) -> Result<()> {
    let Some(scene) = Scene::start(test)? else { return Ok(()) };
    let name = distribution.name();
    let [a, d] = scene.machines(11, ["platform-a", "platform-d"])?;
    prepared(&scene, &[&a, &d])?;
    let mut places = at(&[("10.8.0.11", &a), ("10.8.0.21", &d)]);
    places.push(released(&scene, distribution));
    let example = format!("resources/hybridops_{name}_node/resource.tf");
    scene.ws.write("main.tf", &placed(&example, &places)?)?;
    applied(&scene, &format!("hybridops_{name}_node"))?;
    for (kind, machine) in [("server", &a), ("agent", &d)] {
        let address = format!("hybridops_{name}_node.{kind}[\"{}\"]", machine.name);
        scene.ws.run(&["state", "rm", &address])?.ok()?;
        let id = format!("{{\"host\": \"{}\", \"host_keys\": [\"{}\"]}}", machine.address, machine.host_key);
        scene.ws.run(&["import", "-input=false", &address, &id])?.ok()?;
    }
    scene.ws.expect_empty_plan()?;
    scene.ws.destroy()?.ok()?;
    Ok(())
}

#[test]
fn of_nodes_of_rke2() -> Result<()> {
    of_nodes("of_nodes_of_rke2", Distribution::Rke2)
}

#[test]
fn of_nodes_of_k3s() -> Result<()> {
    of_nodes("of_nodes_of_k3s", Distribution::K3s)
}
