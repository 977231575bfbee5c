//! What it costs to bring a cluster up, beside what cannot be left out.

use std::io::Write as _;
use std::time::Duration;

use acceptance_tests::kubernetes::{Distribution, Machine, Scene};
use anyhow::{Context as _, Result, ensure};

const RKE2: Distribution = Distribution::Rke2;
const VERSION: &str = "v1.33.4";

/// How much longer than the necessary it may take.
const FACTOR: f64 = 1.3;

/// How many seconds each server's API takes at least: the stand-in's is there within one, a real one pulls images and starts
/// a control plane.
const STARTS: &str = "30";

/// From this load of each processor on a time says how busy the machine is, and nothing else.
const BUSY: f64 = 4.0;

/// When a server's service was started and when it told that it is up, by the machine's own clock.
struct Start {
    name: String,
    begun: Duration,
    up: Duration,
}

impl Start {
    fn of(scene: &Scene, server: &Machine) -> Result<Self> {
        let unit = scene.unit(server, RKE2.server_unit())?;
        ensure!(unit.is_active() && unit.restarts() == 0, "{} was started more than once", server.name);
        let at = |property: &str| -> Result<Duration> {
            let text = unit.get(property);
            Ok(Duration::from_micros(text.parse().with_context(|| format!("{property} is {text:?}"))?))
        };
        let (begun, up) = (at("InactiveExitTimestampMonotonic")?, at("ActiveEnterTimestampMonotonic")?);
        // The service is up a moment before the cluster knows its member as a voter and its node as ready.
        let since = scene.kubectl(
            RKE2,
            server,
            &format!(
                "get node {} -o jsonpath='{{range .status.conditions[?(@.status==\"True\")]}}{{.lastTransitionTime}}{{\"\\n\"}}{{end}}'",
                server.name
            ),
        )?;
        let last = since.lines().max().context("a node has conditions")?;
        let behind = scene.exec(
            server,
            &format!("echo $(($(date +%s%N) - $(date -d '{last}' +%s%N))) $(cut -d' ' -f1 /proc/uptime)"),
        )?;
        let (behind, now) = behind.split_once(' ').context("two numbers")?;
        let known =
            Duration::from_secs_f64(now.parse()?).saturating_sub(Duration::from_nanos(behind.parse()?));
        Ok(Self { name: server.name.clone(), begun, up: up.max(known) })
    }

    fn took(&self) -> Duration {
        self.up.saturating_sub(self.begun)
    }
}

/// How long a machine takes to fetch and unpack the release, by its own clock.
fn fetched_and_unpacked(scene: &Scene, machine: &Machine) -> Result<Duration> {
    let version = RKE2.version(VERSION).replace('+', "%2B");
    let url = format!("{}/{version}/rke2.linux-amd64.tar.gz", scene.releases.source(RKE2.name()));
    scene.write(machine, "/tmp/releases.pem", scene.releases.ca())?;
    let script = format!(
        "set -e; cd /tmp; mkdir once; began=$(date +%s%N); curl -sSf --cacert releases.pem -o once.tar.gz '{url}'; \
         sha256sum once.tar.gz >/dev/null; tar -xzf once.tar.gz -C once; sync -f once; ended=$(date +%s%N); \
         rm -rf once once.tar.gz; echo $((ended - began))"
    );
    Ok(Duration::from_nanos(scene.exec(machine, &script)?.parse()?))
}

/// How many processes each processor had to run in the last minute.
fn load() -> Result<f64> {
    let told = std::fs::read_to_string("/proc/loadavg")?;
    let load: f64 = told.split_whitespace().next().context("a load")?.parse()?;
    Ok(load / std::thread::available_parallelism()?.get() as f64)
}

/// One SSH connection to each host for each process of the provider, and no waiting that is not for the cluster: within 1.3
/// times what fetching once, installing and starting one server after the other takes by the machines' own clocks.
#[test]
fn three_servers_take_one_connection_each_and_no_time_of_their_own() -> Result<()> {
    let Some(scene) = Scene::start("three servers and what they cost")? else { return Ok(()) };
    let servers = scene.machines(11, ["a", "b", "c"])?;
    let all = servers.each_ref();
    for server in all {
        scene.fault(server, "slow-ready", STARTS)?;
    }
    let whole = scene.whole(RKE2, VERSION, &all, &[]);
    scene.declare(&whole.iter().collect::<Vec<_>>())?;
    let logins = || all.iter().map(|it| scene.connections(it)).collect::<Result<Vec<usize>>>();
    let before = logins()?;
    scene.ws.plan()?.ok()?;
    let planned = logins()?;
    scene.releases.clear();
    scene.real()?.doors().clear();
    let applied = scene.ws.run(&["apply", "-no-color", "tfplan"])?.ok().with_context(|| scene.situation())?;
    let after = logins()?;
    for (number, server) in servers.iter().enumerate() {
        let of = |later: &[usize], earlier: &[usize]| later[number] - earlier[number];
        let (plan, apply) = (of(&planned, &before), of(&after, &planned));
        scene.tell(&format!("{}: {plan} connections for the plan, {apply} for the apply", server.name))?;
        ensure!(plan <= 1 && apply == 1, "{}: {plan} and {apply} connections", server.name);
    }
    if std::env::var_os("HYBRIDOPS_TIMELINE").is_some() {
        timeline(&scene)?;
    }

    let mut starts = all.iter().map(|it| Start::of(&scene, it)).collect::<Result<Vec<_>>>()?;
    starts.sort_by_key(|start| start.begun);
    let once = fetched_and_unpacked(&scene, &servers[0])?;
    let necessary = starts.iter().map(Start::took).sum::<Duration>() + once;
    scene.tell(&format!("fetched and unpacked once: {:.2} s", once.as_secs_f64()))?;
    let mut idle_since = None;
    for start in &starts {
        let idle = idle_since.map_or(0.0, |up| start.begun.saturating_sub(up).as_secs_f64());
        idle_since = Some(start.up);
        scene.tell(&format!(
            "{}: up {:.2} s after its start, which came {idle:.2} s after the one before was up",
            start.name,
            start.took().as_secs_f64()
        ))?;
    }
    let (took, needed) = (applied.took.as_secs_f64(), necessary.as_secs_f64());
    scene.tell(&format!(
        "three servers took {took:.2} s, {:.2} times the {needed:.2} s that they need one after the other",
        took / needed
    ))?;
    let joined_one_by_one = starts.windows(2).all(|pair| pair[0].up <= pair[1].begun);
    ensure!(joined_one_by_one, "two were started at one time");
    let programs = scene.releases.downloads().into_iter().filter(|(path, _)| path.ends_with(".tar.gz"));
    ensure!(programs.map(|(_, count)| count).sum::<usize>() == 2, "once by the provider, once by this test");
    let load = load()?;
    if load > BUSY {
        writeln!(
            std::io::stderr(),
            "SKIPPED the factor {FACTOR}: this machine is busy, {load:.1} a processor"
        )?;
    } else {
        ensure!(took <= FACTOR * needed, "it took {took:.2} s, more than {FACTOR} times {needed:.2} s");
    }

    scene.ws.expect_empty_plan()?;
    scene.expect_voters(RKE2, &servers[0], &all)?;
    scene.expect_nodes(RKE2, &servers[1], VERSION, &all)
}

/// Every command over SSH with its time.
fn timeline(scene: &Scene) -> Result<()> {
    let commands = scene.real()?.doors().commands();
    let began = commands.first().map_or(0, |command| command.time);
    for command in commands {
        let text: String = command.command.chars().filter(|c| !c.is_control()).collect();
        scene.tell(&format!(
            "{:7.2} {} {:5} ms {} … {}",
            (command.time - began) as f64 / 1000.0,
            command.target,
            command.millis.unwrap_or_default(),
            text,
            command.end.chars().filter(|c| !c.is_control()).collect::<String>()
        ))?;
    }
    Ok(())
}
