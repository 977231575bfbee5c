//! Channels: asked when they are planned for the first time, pinned, and asked again when somebody wants it.

use acceptance_tests::kubernetes::{Distribution, Scene, Wanted};
use acceptance_tests::real::Declared;
use anyhow::{Result, ensure};

const OLD: &str = "v1.33.4";
const NEW: &str = "v1.33.5";

/// A server that nobody asks anything: a cluster alone touches no machine.
const SERVER: &str = "{ a = { host = \"192.0.2.10\" } }";

#[test]
fn a_version_stays_when_its_channel_moves() -> Result<()> {
    let wanted = Wanted { versions: vec![OLD], ..Wanted::default() };
    let Some(scene) = Scene::with("rke2 and k3s channels", wanted)? else { return Ok(()) };
    let cluster = |distribution: Distribution| {
        scene
            .cluster(distribution, OLD, &[])
            .without("version")
            .text("channel", "stable")
            .set("servers", SERVER)
    };
    let channel = |distribution: Distribution| {
        let name = distribution.name();
        Declared::data(&format!("hybridops_{name}_channel"), "it")
            .text("channel_server", &scene.releases.channel_server(name))
            .text("ca_certificate", scene.releases.ca())
    };
    let all = Distribution::ALL.map(|distribution| (cluster(distribution), channel(distribution)));
    let declared: Vec<&Declared> = all.iter().flat_map(|(cluster, channel)| [cluster, channel]).collect();
    scene.converge(&declared)?;
    let versions = |of: &str| -> Result<Vec<String>> {
        let state = scene.ws.state()?;
        let version = |distribution: Distribution| {
            let address = match of {
                "cluster" => format!("hybridops_{}_cluster.it", distribution.name()),
                _ => format!("data.hybridops_{}_channel.it", distribution.name()),
            };
            Ok(state.get(&address, "version")?.as_str().unwrap_or_default().to_owned())
        };
        Distribution::ALL.into_iter().map(version).collect()
    };
    let of = |kubernetes: &str| Distribution::ALL.map(|it| it.version(kubernetes));
    ensure!(versions("cluster")? == of(OLD), "{:?}", versions("cluster")?);
    let listed = scene.ws.state()?.get("data.hybridops_rke2_channel.it", "channels")?.to_string();
    ensure!(listed.contains("\"v1.33\"") && listed.contains("\"latest\""), "{listed}");
    // The channel moves: who asks is told, and clusters stay what they are.
    scene.release(NEW)?;
    let asked = || scene.releases.requests().iter().filter(|it| it.path.ends_with("channels")).count();
    let before = asked();
    scene.converge(&declared)?;
    ensure!(versions("data")? == of(NEW) && versions("cluster")? == of(OLD));
    let after = asked();
    scene.tell(&format!(
        "channels were asked {} times by three runs, by the data sources alone",
        after - before
    ))?;
    let clusters: Vec<Declared> = all.iter().map(|(cluster, _)| cluster.clone()).collect();
    scene.declare(&clusters.iter().collect::<Vec<_>>())?;
    let before = asked();
    scene.ws.plan()?.ok()?;
    ensure!(asked() == before, "a cluster whose version is pinned asked its channel");
    // It changes when it is asked to.
    let kept = |one: &Declared| one.clone().set("keepers", "{ asked = \"again\" }");
    let again: Vec<Declared> = clusters.iter().map(kept).collect();
    scene.declare(&again.iter().collect::<Vec<_>>())?;
    let plan = scene.ws.planned()?;
    for distribution in Distribution::ALL {
        let change = plan.change(&format!("hybridops_{}_cluster.it", distribution.name()))?;
        let version = distribution.version(NEW);
        ensure!(change.after("version") == version.as_str(), "{}", change.after("version"));
        ensure!(change.after("spec.version") == version.as_str(), "{}", change.after("spec.version"));
    }
    scene.converge(&again.iter().collect::<Vec<_>>())?;
    ensure!(versions("cluster")? == of(NEW));
    // A channel that is not there is told with those that are.
    let unknown = clusters.iter().map(|one| one.clone().text("channel", "nightly")).collect::<Vec<_>>();
    scene.refused_at_plan(
        &unknown.iter().collect::<Vec<_>>(),
        &["no channel \"nightly\"", "latest, stable, v1.33"],
    )?;
    Ok(())
}
