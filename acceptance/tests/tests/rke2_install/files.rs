//! Files of the service: registries with passwords, variables, proxy, drop-in. Written as asked, in force, kept secret, and
//! missed when they are another.

use acceptance_tests::kubernetes::{Distribution, Machine, REGISTRY_PASSWORD, Scene};
use acceptance_tests::real::{CommandLines, Declared};
use anyhow::{Context as _, Result, ensure};

const RKE2: Distribution = Distribution::Rke2;
const K3S: Distribution = Distribution::K3s;

fn with_files(scene: &Scene, cluster: Declared) -> Declared {
    // What listens there is no proxy; that it can be reached is all that is looked at.
    let proxy = scene.releases.url().replace("https://", "http://");
    cluster
        .set(
            "registries",
            "{
              mirrors = { \"docker.io\" = { endpoint = [\"https://registry.lab:5000\"], rewrite = { \"^rancher/(.*)\" = \"mirror/$1\" } } }
              configs = { \"registry.lab:5000\" = { username = \"puller\", ca_file = \"/etc/site/ca.pem\" } }
            }",
        )
        .text("proxy.http", &proxy)
        .text("proxy.https", &proxy)
        .set("proxy.no_proxy", "[\"corp.lab\"]")
        .text("environment.SITE", r#"a "quoted" $word \ and more"#)
        .set("systemd.after", "[\"site.service\"]")
        .set("systemd.requires_mounts_for", "[\"/var/lib/rancher\"]")
        .set("systemd.environment_files", "[\"/etc/site/more.env\"]")
        .text("systemd.limits.open_files", "8192")
        .text("systemd.limits.core", "0")
}

fn with_password(node: Declared) -> Declared {
    node.set("registry_passwords", "{ \"registry.lab:5000\" = var.registry_password }")
        .set("registry_passwords_version", "1")
}

/// What is in force of the service on a machine.
fn expect_in_force(scene: &Scene, distribution: Distribution, unit: &str, machine: &Machine) -> Result<()> {
    let registries = format!("{}/registries.yaml", distribution.etc());
    let mode = scene.exec(machine, &format!("stat -c '%a %U' {registries}"))?;
    ensure!(mode == "600 root", "{registries} is {mode}");
    let text = scene.exec(machine, &format!("cat {registries}"))?;
    for part in [REGISTRY_PASSWORD, "https://registry.lab:5000", "mirror/$1", "/etc/site/ca.pem"] {
        ensure!(text.contains(part), "{part} is missed in {text}");
    }
    let shown = scene.unit(machine, unit)?;
    ensure!(
        shown.get("LimitNOFILE") == "8192" && shown.get("LimitCORE") == "0",
        "{unit}: {}",
        shown.get("LimitNOFILE")
    );
    ensure!(shown.get("After").contains("site.service") && shown.get("NeedDaemonReload") == "no");
    ensure!(shown.get("RequiresMountsFor").contains("/var/lib/rancher"));
    let pid = shown.get("MainPID").to_owned();
    let process = scene.exec(
        machine,
        &format!("tr '\\0' '\\n' </proc/{pid}/environ; grep 'open files' /proc/{pid}/limits"),
    )?;
    let no_proxy = process.lines().find(|line| line.starts_with("NO_PROXY=")).context("NO_PROXY")?;
    for part in
        ["corp.lab", ".svc", ".cluster.local", "10.42.0.0/16", "10.43.0.0/16", machine.address.as_str()]
    {
        ensure!(no_proxy.contains(part), "{part} is missed in {no_proxy}");
    }
    for part in ["HTTP_PROXY=http://", r#"SITE=a "quoted" $word \ and more"#, "MORE=of-the-site", "8192"] {
        ensure!(process.contains(part), "{part} is missed in {process}");
    }
    Ok(())
}

#[test]
fn written_in_force_secret_and_missed() -> Result<()> {
    let Some(scene) = Scene::start("rke2 and k3s files of the service")? else { return Ok(()) };
    let [a, b, k] = scene.machines(11, ["a", "b", "k"])?;
    for machine in [&a, &b, &k] {
        scene.write(machine, "/etc/site/more.env", "MORE=of-the-site\n")?;
    }
    let rke2 = with_files(&scene, scene.cluster(RKE2, "v1.33.4", &[&a]));
    let server = with_password(scene.server(RKE2, &a));
    let agent = with_password(scene.agent(RKE2, &b, &[&server]));
    let k3s = with_files(&scene, scene.cluster(K3S, "v1.33.4", &[&k])).set("artefacts.images", "[\"all\"]");
    let other = with_password(scene.server(K3S, &k));
    let all = [&rke2, &server, &agent, &k3s, &other];
    scene.tell("machines are there")?;
    let seen = CommandLines::begin();
    scene.converge(&all)?;
    scene.tell("a server and an agent of RKE2 and a server of K3s stand")?;
    let nodes = [
        (RKE2, "rke2-server", &a, "hybridops_rke2_node.a"),
        (RKE2, "rke2-agent", &b, "hybridops_rke2_node.b"),
        (K3S, "k3s", &k, "hybridops_k3s_node.k"),
    ];
    for (distribution, unit, machine, address) in nodes {
        expect_in_force(&scene, distribution, unit, machine).with_context(|| address.to_owned())?;
        // The state has the sums of what stands there, but for the file with a password.
        let state = scene.ws.state()?;
        let files = state.get(address, "files")?.as_object().context("files")?.clone();
        ensure!(files.len() == 2 && !files.keys().any(|path| path.contains("registries")), "{files:?}");
        for (path, sum) in files {
            let there = scene.exec(machine, &format!("sha256sum {path} | cut -d' ' -f1"))?;
            ensure!(sum == there.as_str(), "{path}: {there}, and the state has {sum}");
        }
    }
    // Somebody changes a drop-in, takes variables away, and writes another password.
    let drop_in = "/etc/systemd/system/rke2-server.service.d/50-hybridops.conf";
    scene.exec(&a, &format!("sed -i s/8192/1024/ {drop_in}; rm /etc/default/rke2-server"))?;
    scene.exec(&b, "sed -i s/puller/somebody/ /etc/rancher/rke2/registries.yaml")?;
    let plan = scene.ws.planned()?;
    plan.expect(&[("hybridops_rke2_node.a", "update"), ("hybridops_rke2_node.b", "update")])?;
    let told = plan.change("hybridops_rke2_node.a")?.before("differences").to_string();
    ensure!(told.contains(drop_in) && told.contains("/etc/default/rke2-server"), "{told}");
    let told = plan.change("hybridops_rke2_node.b")?.before("differences").to_string();
    ensure!(told.contains("/etc/rancher/rke2/registries.yaml"), "{told}");
    scene.converge(&all)?;
    for (distribution, unit, machine, address) in nodes {
        expect_in_force(&scene, distribution, unit, machine).with_context(|| address.to_owned())?;
    }
    scene.tell("what was changed by hand is as it was")?;
    // Another password, sent when its version is raised; a drop-in that is not wanted any more is gone.
    let raised = |node: &Declared| {
        node.clone()
            .set("registry_passwords", "{ \"registry.lab:5000\" = \"${var.registry_password}-2\" }")
            .set("registry_passwords_version", "2")
    };
    let (server, agent) = (raised(&server), raised(&agent));
    let plain =
        rke2.without("systemd.after").without("systemd.limits").without("systemd.requires_mounts_for");
    let plain = plain.without("systemd.environment_files").without("systemd");
    scene.converge(&[&plain, &server, &agent, &k3s, &other])?;
    for (unit, machine) in [("rke2-server", &a), ("rke2-agent", &b)] {
        let text = scene.exec(machine, "cat /etc/rancher/rke2/registries.yaml")?;
        ensure!(text.contains(&format!("{REGISTRY_PASSWORD}-2")), "{text}");
        ensure!(scene.unit(machine, unit)?.get("LimitNOFILE") == "1048576");
        scene.exec(machine, &format!("test ! -e /etc/systemd/system/{unit}.service.d/50-hybridops.conf"))?;
    }
    let mut kept = scene.kept_secrets(RKE2, &a)?;
    kept.extend(scene.kept_secrets(K3S, &k)?);
    scene.expect_no_secret(&seen.end(), &kept, &[&a, &b, &k])
}
