//! Three servers: what is found between machines before anything is made, configuration that must be the same, and a change
//! of it that goes through them one by one.

use std::time::Duration;

use acceptance_tests::kubernetes::{ACCEPTED, Distribution, Machine, Quorum, Scene};
use acceptance_tests::real::Declared;
use anyhow::{Result, ensure};

const RKE2: Distribution = Distribution::Rke2;

fn refs(declared: &[Declared]) -> Vec<&Declared> {
    declared.iter().collect()
}

/// What is accepted but the speed of the disk.
fn but_fsync() -> String {
    let codes: Vec<String> =
        ACCEPTED.iter().filter(|code| **code != "fsync").map(|code| format!("\"{code}\"")).collect();
    format!("[{}]", codes.join(", "))
}

fn with(declared: &[Declared], change: impl Fn(Declared) -> Declared) -> Vec<Declared> {
    let is_cluster = |one: &Declared| one.address().contains("_cluster.");
    let one = |one: &Declared| if is_cluster(one) { change(one.clone()) } else { one.clone() };
    declared.iter().map(one).collect()
}

/// The certificate that a port of a server shows is for a name, and signed by the cluster's authority.
fn serves(scene: &Scene, server: &Machine, name: &str, port: u16) -> Result<bool> {
    let ca = format!("{}/server/tls/server-ca.crt", RKE2.data());
    let script = format!(
        "curl -sS -o /dev/null --cacert {ca} --resolve {name}:{port}:127.0.0.1 https://{name}:{port}/ping && echo good; true"
    );
    Ok(scene.exec(server, &script)?.contains("good"))
}

#[test]
fn found_between_them_and_changed_one_by_one() -> Result<()> {
    let test = "rke2 three servers: preflight and configuration";
    let Some(scene) = Scene::start(test)? else { return Ok(()) };
    let [a, b, c] = scene.machines(11, ["a", "b", "c"])?;
    let servers = [&a, &b, &c];
    let whole = scene.whole(RKE2, "v1.33.4", &servers, &[]);
    scene.tell("machines are there")?;
    // Between a and c nothing comes through, the disk is too slow, the proxy is not there: all of it is told, of each.
    scene.exec(&a, &format!("ip route add blackhole {}/32", c.address))?;
    let host = scene.releases.url().replace("https://", "");
    let host = host.split(':').next().unwrap_or_default().to_owned();
    let bad = with(&whole, |cluster| {
        cluster
            .set("preflight.accept", but_fsync())
            .text("preflight.fsync_limit", "1us")
            .text("proxy.http", &format!("http://{host}:9"))
    });
    let mut says = vec!["fsync: a write to /var/lib".to_owned(), "0.0 ms are the limit".to_owned()];
    says.push(format!("proxy: it does not reach the proxy {host}:9"));
    for port in [9345, 6443, 2379, 2380] {
        says.push(format!("reach: a does not reach c at {}, TCP port {port}", c.address));
        says.push(format!("reach: c does not reach a at {}, TCP port {port}", a.address));
    }
    says.push(format!("overlay: a does not reach c at {}, UDP port 8472", c.address));
    for name in ["a", "b", "c"] {
        says.push(format!("The machine of {name} cannot become a node"));
    }
    let says: Vec<&str> = says.iter().map(String::as_str).collect();
    let output = scene.refused(&refs(&bad), &says)?;
    // What is open is not told.
    output.is_silent_about("a does not reach b")?.is_silent_about("b does not reach c")?;
    for server in servers {
        let left = scene.exec(
            server,
            "find /usr/local/bin /etc/rancher /var/lib/hybridops /run/hybridops-probe -mindepth 1 2>/dev/null; true"
        )?;
        ensure!(left.is_empty(), "{}: {left}", server.name);
        let units = scene.exec(server, "systemctl list-units --plain --no-legend 'hybridops-probe*'")?;
        ensure!(units.is_empty(), "{}: {units}", server.name);
        let files = scene.exec(server, "ls -A /var/lib/rancher /var/lib | grep hybridops-fsync; true")?;
        ensure!(files.is_empty(), "{}: {files}", server.name);
    }
    scene.tell("what is between machines was found")?;
    scene.exec(&a, &format!("ip route del blackhole {}/32", c.address))?;
    // A server whose own files say another network of pods is refused; the others stand.
    let site = "/etc/rancher/rke2/config.yaml.d/99-site.yaml";
    scene.write(&c, site, "cni: cilium\n")?;
    scene.refused(
        &refs(&whole),
        &["c is configured differently from", "cni is cilium on c", "99-site.yaml"],
    )?;
    ensure!(!scene.unit(&c, "rke2-server")?.is_active());
    scene.exec(&c, &format!("rm {site}"))?;
    scene.converge(&refs(&whole))?;
    scene.tell("three servers stand")?;
    scene.expect_voters(RKE2, &a, &servers)?;
    // Keys of others are told as what differs, and left alone: nothing is planned for them.
    scene.write(&b, site, "kubelet-arg: [v=2]\ntls-san+: [site.lab]\ntoken: not-shown-to-anybody\n")?;
    scene
        .ws
        .expect_empty_plan()?
        .says("Files made by hand configure platform/b")?
        .is_silent_about("not-shown")?;
    scene.ws.apply()?.ok()?;
    let state = scene.ws.state()?;
    let told = state.get("hybridops_rke2_node.b", "differences")?.to_string();
    ensure!(told.contains("99-site.yaml sets kubelet-arg to") && told.contains("sets tls-san+ to"), "{told}");
    ensure!(told.contains("sets token to") && !told.contains("not-shown"), "{told}");
    ensure!(state.get("hybridops_rke2_node.a", "differences")?.to_string() == "[]");
    scene.exec(&b, &format!("test -f {site} && rm {site}"))?;
    // A change of the configuration goes through the servers one by one.
    ensure!(!serves(&scene, &a, "api2.lab", 6443)?, "it is served already");
    let quorum = Quorum::watch(&scene, RKE2, &servers)?;
    let changed = with(&whole, |cluster| {
        cluster.set("config.tls_san", "[\"api2.lab\"]").text("config.extra", "kubelet-arg: [max-pods=200]")
    });
    scene.declare(&refs(&changed))?;
    let commands = scene.commands(|| scene.ws.apply()?.ok().map(drop))?;
    scene.ws.expect_empty_plan()?;
    let watched = quorum.end();
    scene.tell(&format!("it was changed; etcd was asked: {watched:?}"))?;
    watched.expect_kept(Duration::from_secs(10))?;
    ensure!(watched.fewest_voters == 3, "{watched:?}");
    let starts: Vec<(u64, String)> = commands
        .into_iter()
        .filter(|it| it.command.contains("Starts or restarts a service"))
        .map(|it| (it.time, it.target))
        .collect();
    let mut who: Vec<&str> = starts.iter().map(|(_, target)| target.as_str()).collect();
    who.sort_unstable();
    ensure!(who == ["a", "b", "c"], "{starts:?}");
    // Behind each restart come the gates of that server, which take longer than this.
    ensure!(starts.windows(2).all(|two| two[1].0 >= two[0].0 + 4000), "{starts:?}");
    for server in servers {
        for port in [6443, 9345] {
            ensure!(
                serves(&scene, server, "api2.lab", port)?,
                "{} does not serve api2.lab at {port}",
                server.name
            );
        }
        let text = scene.exec(server, "cat /etc/rancher/rke2/config.yaml.d/50-hybridops.yaml")?;
        ensure!(text.contains("max-pods=200") && text.contains("api2.lab"), "{text}");
    }
    Ok(())
}
