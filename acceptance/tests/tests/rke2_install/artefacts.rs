//! Programs and images: wrong ones are refused before anything is installed, right ones are fetched once and sent once.

use std::collections::BTreeMap;

use acceptance_tests::kubernetes::{Distribution, Machine, Scene};
use anyhow::{Result, ensure};
use hybridops_lab::ReleaseFault;

const RKE2: Distribution = Distribution::Rke2;
const PROGRAM: &str = "rke2.linux-amd64.tar.gz";
const IMAGES: &str = "/var/lib/rancher/rke2/agent/images";

/// How often each file was sent to each machine.
fn sent(scene: &Scene) -> Result<BTreeMap<(String, String), usize>> {
    let mut counted = BTreeMap::new();
    for command in scene.real()?.doors().commands() {
        if command.command.contains("Puts standard input in place if it is what it should be") {
            *counted.entry((command.target, command.end)).or_default() += 1;
        }
    }
    Ok(counted)
}

fn nothing_is_installed(scene: &Scene, machine: &Machine) -> Result<()> {
    let left = scene.exec(machine, "ls /usr/local/bin /etc/rancher /var/lib/rancher 2>/dev/null; true")?;
    ensure!(!left.contains("rke2"), "{left}");
    ensure!(!scene.unit(machine, "rke2-server")?.is_active());
    Ok(())
}

#[test]
fn fetched_once_sent_once_and_never_another() -> Result<()> {
    let Some(scene) = Scene::start("rke2 artefacts")? else { return Ok(()) };
    let [a, b] = scene.machines(11, ["a", "b"])?;
    let cluster = scene.cluster(RKE2, "v1.33.4", &[&a]).set("artefacts.images", "[\"core\", \"canal\"]");
    let server = scene.server(RKE2, &a);
    let agent = scene.agent(RKE2, &b, &[&server]);
    let all = [&cluster, &server, &agent];
    scene.tell("machines are there")?;
    // Another sum than that of the source's file.
    let zeros = "0".repeat(64);
    let wrong = cluster.clone().set("artefacts.sha256", format!("{{ \"{PROGRAM}\" = \"{zeros}\" }}"));
    scene.refused(&[&wrong, &server], &["cannot be had", "its SHA-256 is", zeros.as_str()])?;
    nothing_is_installed(&scene, &a)?;
    // Another file than that of the source's list, and one that breaks off. The images are here by now, and were right.
    for (fault, says) in
        [(ReleaseFault::Wrong, "is not what it should be"), (ReleaseFault::Torn, "cannot be fetched")]
    {
        scene.releases.fail("tar\\.gz$", fault, None)?;
        scene.refused(&[&cluster, &server], &[PROGRAM, says])?;
        scene.releases.heal();
        nothing_is_installed(&scene, &a)?;
    }
    scene.tell("wrong files were refused")?;
    scene.releases.clear();
    scene.real()?.doors().clear();
    scene.converge(&all)?;
    scene.tell("server and agent stand")?;
    let sets = ["core", "canal"].map(|set| format!("rke2-images-{set}.linux-amd64.tar.zst"));
    for file in sets.iter().map(String::as_str).chain([PROGRAM]) {
        let fetched: usize = scene
            .releases
            .downloads()
            .iter()
            .filter(|(path, _)| path.ends_with(file))
            .map(|(_, count)| count)
            .sum();
        ensure!(fetched <= 1, "{file} was fetched {fetched} times");
    }
    // A program and two sets for each, and nothing a second time.
    let counted = sent(&scene)?;
    ensure!(counted.len() == 6 && counted.values().all(|count| *count == 1), "{counted:#?}");
    for machine in [&a, &b] {
        let there = scene.exec(machine, &format!("ls -A {IMAGES}"))?;
        ensure!(there.lines().collect::<Vec<_>>() == [".cache.json", &sets[1], &sets[0]], "{there}");
        for set in &sets {
            let listed = scene.exec(machine, &format!("sha256sum {IMAGES}/{set} | cut -d' ' -f1"))?;
            let state = scene.ws.state()?;
            let sums = state.get("hybridops_rke2_cluster.it", "spec.artefacts.sha256")?;
            ensure!(sums[set.as_str()] == listed.as_str(), "{set}: {listed}, pinned {sums}");
        }
    }
    // From a directory of this machine: another set comes, one goes, nothing is fetched and nothing that is there is sent.
    let shelf = scene.releases.directory("rke2", "x");
    let place = shelf.parent().map(|it| it.display().to_string()).unwrap_or_default();
    let local = cluster.text("artefacts.source", &place).set("artefacts.images", "[\"core\", \"multus\"]");
    scene.releases.clear();
    scene.real()?.doors().clear();
    scene.converge(&[&local, &server, &agent])?;
    ensure!(scene.releases.requests().is_empty(), "{:?}", scene.releases.requests());
    let counted = sent(&scene)?;
    ensure!(counted.len() == 2 && counted.keys().all(|(_, file)| file.contains("multus")), "{counted:#?}");
    let there = scene.exec(&a, &format!("ls -A {IMAGES}"))?;
    ensure!(there.contains("multus") && there.contains("core") && !there.contains("canal"), "{there}");
    Ok(())
}
