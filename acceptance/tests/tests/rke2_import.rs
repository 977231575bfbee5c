//! What is there already: taken over by import with nothing to do afterwards, and put right where others changed it.

use acceptance_tests::kubernetes::{Distribution, Machine, Scene};
use acceptance_tests::real::Declared;
use anyhow::{Context as _, Result, ensure};
use serde_json::json;

const LABELS: &str = "{ \"example.com/disk\" = \"ssd\", \"example.com/rack\" = \"r1\" }";
const TAINTS: &str = "[\"dedicated=db:NoSchedule\"]";

/// A machine as an import names it.
fn named(machine: &Machine) -> String {
    json!({ "host": machine.address, "host_keys": [machine.host_key] }).to_string()
}

/// A server, an agent with labels and taints, a chart.
struct Cluster {
    distribution: Distribution,
    server: Machine,
    agent: Machine,
    declared: [Declared; 4],
}

impl Cluster {
    fn declare(scene: &Scene, distribution: Distribution) -> Result<Self> {
        let [a, d] = scene.machines(11, ["a", "d"])?;
        let cluster = scene.cluster(distribution, "v1.33.4", &[&a]);
        // A cluster's own: neither is among what the nodes were told.
        let cluster = cluster.without("channel_server").set("deletion_protection", "false");
        let server = scene.server(distribution, &a);
        let agent = scene.agent(distribution, &d, &[&server]).set("labels", LABELS).set("taints", TAINTS);
        let addon = Declared::new("hybridops_kubernetes_addon", "podinfo")
            .text("name", "podinfo")
            .set("cluster.server", a.block())
            .text("namespace", "demo")
            .text("chart.chart", "podinfo")
            .text("chart.repo", "https://charts.example.net")
            .text("chart.version", "6.5.0")
            .set("chart.values", "yamlencode({ replicas = 1 })")
            .set("depends_on", format!("[{}]", agent.address()));
        Ok(Self { distribution, server: a, agent: d, declared: [cluster, server, agent, addon] })
    }

    fn all(&self) -> Vec<&Declared> {
        self.declared.iter().collect()
    }

    /// A property of the agent's node, as a template of kubectl.
    fn of_agent(&self, scene: &Scene, property: &str) -> Result<String> {
        scene.kubectl(self.distribution, &self.server, &format!("get node d -o jsonpath='{property}'"))
    }

    fn change_agent(&self, scene: &Scene, how: &str) -> Result<()> {
        scene.kubectl(self.distribution, &self.server, how).map(drop)
    }
}

/// Others change labels and taints: the plan says so, the apply puts right what is ours and leaves alone what is not.
fn drift(scene: &Scene, cluster: &Cluster) -> Result<()> {
    cluster
        .change_agent(scene, "label node d --overwrite example.com/disk=hdd example.com/rack- theirs=kept")?;
    cluster.change_agent(scene, "taint nodes d dedicated- theirs=kept:NoSchedule")?;
    let taints = cluster.of_agent(scene, "{.spec.taints}")?;
    ensure!(!taints.contains("dedicated") && taints.contains("theirs"), "kubectl did not do it: {taints}");
    let address = cluster.declared[2].address();
    let plan = scene.ws.planned()?;
    let found = plan.change(&address)?.before("differences").to_string();
    for line in [
        "label example.com/disk is hdd, not ssd",
        "label example.com/rack is missing",
        "taint dedicated=db:NoSchedule is missing",
    ] {
        ensure!(found.contains(line), "{line:?} is not among {found}");
    }
    ensure!(!found.contains("theirs"), "{found}");
    plan.expect(&[(&address, "update")])?;
    scene.converge(&cluster.all())?;
    let expect = |scene: &Scene, labels: &[(&str, &str)], taints: &str| -> Result<()> {
        for (label, value) in labels {
            let label = label.replace('.', "\\.");
            let is = cluster.of_agent(scene, &format!("{{.metadata.labels.{label}}}"))?;
            ensure!(is == *value, "{label} is {is:?}, not {value:?}");
        }
        let mut is: Vec<String> = cluster
            .of_agent(scene, "{range .spec.taints[*]}{.key}={.value} {end}")?
            .split_whitespace()
            .map(str::to_owned)
            .collect();
        is.sort();
        ensure!(is.join(" ") == taints, "the taints are {is:?}");
        Ok(())
    };
    let whole = [("example.com/disk", "ssd"), ("example.com/rack", "r1"), ("theirs", "kept")];
    expect(scene, &whole, "dedicated=db theirs=kept")?;

    // What is not given any more goes, and nothing else.
    let given = cluster.declared[2].clone();
    let less = given.clone().set("labels", "{ \"example.com/disk\" = \"ssd\" }").set("taints", "[]");
    scene.converge(&[&cluster.declared[0], &cluster.declared[1], &less, &cluster.declared[3]])?;
    expect(
        scene,
        &[("example.com/disk", "ssd"), ("example.com/rack", ""), ("theirs", "kept")],
        "theirs=kept",
    )?;
    scene.tell("labels and taints that others changed were put right; theirs stayed")
}

/// All of it is forgotten and imported: nothing is to be done.
fn imports(scene: &Scene, cluster: &Cluster) -> Result<()> {
    let (server, agent) = (named(&cluster.server), named(&cluster.agent));
    let chart = format!("{server}/podinfo");
    for (declared, id) in cluster.declared.iter().zip([&server, &server, &agent, &chart]) {
        let address = declared.address();
        scene.ws.run(&["state", "rm", &address])?.ok()?;
        scene.ws.import(&address, id)?.ok().with_context(|| format!("{address} by {id}"))?;
        scene.tell(&format!("{address} was imported"))?;
    }
    scene.ws.expect_empty_plan()?;
    scene.tell("the plan is empty")
}

fn taken_over(test: &str, distribution: Distribution) -> Result<()> {
    let Some(scene) = Scene::start(test)? else { return Ok(()) };
    let cluster = Cluster::declare(&scene, distribution)?;
    scene.converge(&cluster.all())?;
    scene.tell("a server, an agent and a chart stand")?;
    imports(&scene, &cluster)?;
    drift(&scene, &cluster)?;
    // What was imported is enough to take it down.
    scene.ws.destroy()?.ok()?;
    let left = scene.exec(&cluster.server, &format!("ls -d {} 2>/dev/null; true", distribution.data()))?;
    ensure!(left.is_empty(), "{left}");
    Ok(())
}

#[test]
fn a_cluster_of_rke2_is_taken_over() -> Result<()> {
    taken_over("a_cluster_of_rke2_is_taken_over", Distribution::Rke2)
}

#[test]
fn a_cluster_of_k3s_is_taken_over() -> Result<()> {
    taken_over("a_cluster_of_k3s_is_taken_over", Distribution::K3s)
}
