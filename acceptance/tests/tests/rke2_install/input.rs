//! What is written wrong is refused at plan, all of it in one go.

use acceptance_tests::kubernetes::{Distribution, Scene, Wanted};
use anyhow::{Result, ensure};

const RKE2: Distribution = Distribution::Rke2;
const K3S: Distribution = Distribution::K3s;

#[test]
fn everything_wrong_with_a_cluster_is_told_at_once() -> Result<()> {
    let Some(scene) = Scene::start("rke2 bad input")? else { return Ok(()) };
    let servers = "{
        a = { host = \"10.42.0.1\" }
        b = { host = \"10.42.0.1\" }
        c = { host = \"localhost\" }
        d = { host = \"127.0.0.1\" }
    }";
    let wrong = |distribution: Distribution, other: &str| {
        scene
            .cluster(distribution, "v1.33.99", &[])
            .set("servers", servers)
            .text("config.service_cidr", "10.42.128.0/17")
            .text("config.cluster_dns", "192.0.2.53")
            .text("config.extra", &format!("token: x\n{other}: y\n"))
            .text("proxy.http", "http://proxy.lab:3128")
            .set("environment", "{ NO_PROXY = \"x\" }")
    };
    let says = |version: &str, other: &str| {
        [
            format!("{version} cannot be found"),
            "The number of servers is even".to_owned(),
            "\"a\" and \"b\" are both at 10.42.0.1".to_owned(),
            "\"c\" at localhost and \"d\" at 127.0.0.1 are both 127.0.0.1".to_owned(),
            "share addresses".to_owned(),
            "The server \"a\" is at 10.42.0.1, which is in".to_owned(),
            "192.0.2.53 is not an address of services".to_owned(),
            "`token` belongs to an attribute".to_owned(),
            other.to_owned(),
            "NO_PROXY is set twice".to_owned(),
        ]
    };
    for (distribution, key, other) in [
        (RKE2, "flannel-backend", "`flannel-backend` is no key of RKE2"),
        (K3S, "profile", "`profile` is no key of K3s"),
    ] {
        let says = says(&distribution.version("v1.33.99"), other);
        let says: Vec<&str> = says.iter().map(String::as_str).collect();
        scene.refused_at_plan(&[&wrong(distribution, key)], &says)?;
    }
    // A typed key of the other distribution is refused as well: Terraform would drop a name it does not know.
    let alone = |distribution: Distribution| {
        scene.cluster(distribution, "v1.33.4", &[]).set("servers", "{ a = { host = \"192.0.2.1\" } }")
    };
    for (distribution, path, says) in [
        (RKE2, "config.flannel_backend", "`flannel_backend` is no key of RKE2"),
        (K3S, "config.profile", "`profile` is no key of K3s"),
    ] {
        scene.refused_at_plan(&[&alone(distribution).text(path, "x")], &[says])?;
    }
    let stranger = alone(RKE2);
    // What would be a secret in the state, and what is no unit and no limit.
    for (path, value, says) in [
        ("proxy.http", "http://me:secret@proxy.lab", "a URL without user and password"),
        ("systemd.limits.open_files", "many", "a number or `infinity`"),
        ("version", "1.33", "is no version such as"),
    ] {
        scene.refused_at_plan(&[&stranger.clone().text(path, value)], &[says])?;
    }
    scene.refused_at_plan(
        &[&stranger.clone().set("systemd.after", "[\"no unit\"]")],
        &["the name of a unit such as"],
    )?;
    // A set of images that the network of pods needs is missing: said, not refused.
    scene.declare(&[&stranger.set("artefacts.images", "[\"core\"]").text("config.cni", "cilium")])?;
    scene.ws.plan()?.ok()?.says("`artefacts.images` does not name cilium")?;
    Ok(())
}

#[test]
fn nodes_that_cannot_be_are_refused() -> Result<()> {
    let wanted = Wanted { versions: vec!["v1.33.4", "v1.35.0"], ..Wanted::default() };
    let Some(scene) = Scene::with("rke2 bad nodes", wanted)? else { return Ok(()) };
    let [a] = scene.machines(11, ["a"])?;
    let cluster = scene.cluster(RKE2, "v1.33.4", &[&a]);
    let agent =
        scene.agent(RKE2, &a, &[]).text("name", "d").text("extra_config", "node-name: x\ncluster-init: true");
    scene.refused_at_plan(
        &[&cluster, &agent],
        &[
            "d is on the machine of a server",
            "`node-name` belongs to an attribute",
            "`cluster-init` is no key of RKE2",
        ],
    )?;
    // The password of a registry is missed before anything is made.
    let registries = "{ configs = { \"registry.lab\" = { username = \"puller\" } } }";
    let private = cluster.clone().set("registries", registries);
    scene.refused_at_plan(
        &[&private, &scene.server(RKE2, &a)],
        &["A password of a registry is missing", "registry_passwords = { \"registry.lab\""],
    )?;
    // Everything that is found on a machine that is there already is told by the plan, names among it.
    let bare = scene
        .cluster(RKE2, "v1.35.0", &[&a])
        .set("preflight.accept", "[]")
        .text("registration_address", "nobody.invalid")
        .text("config.profile", "cis");
    scene.refused_at_plan(
        &[&bare, &scene.server(RKE2, &a)],
        &[
            "cgroup-v1",
            "kernel-modules",
            "kmsg",
            "sysctl: ",
            "dns: it cannot resolve nobody.invalid",
            "Nothing was changed",
        ],
    )?;
    // All servers that cannot be asked are told, and nobody gives birth beside them.
    let network = a.address.rsplit_once('.').map_or("", |(network, _)| network);
    let nobody = format!(
        "{{\n a = {}\n b = {{ host = \"{network}.77\", host_keys = [\"{key}\"] }}\n c = {{ host = \"{network}.78\", host_keys = [\"{key}\"] }}\n }}",
        a.block(),
        key = a.host_key
    );
    let alone = cluster.set("servers", nobody);
    scene.refused(&[&alone, &scene.server(RKE2, &a)], &["cannot be asked", "- b: ", "- c: "])?;
    ensure!(!scene.unit(&a, "rke2-server")?.is_active());
    ensure!(scene.exec(&a, "find /usr/local/bin /etc/rancher -mindepth 1 2>/dev/null; true")?.is_empty());
    Ok(())
}
