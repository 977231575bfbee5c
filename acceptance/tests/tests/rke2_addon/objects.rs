//! Objects: applied, changed by others, pruned, imported, destroyed.

use acceptance_tests::kubernetes::Distribution;
use anyhow::{Result, ensure};

use crate::{NAMESPACE, addon, create, deployment, manifests, scene};

const RKE2: Distribution = Distribution::Rke2;
const ADDRESS: &str = "hybridops_kubernetes_addon.it";
const CANARY: &str = "canary-object-5e1f77c0a9";

/// The whole life: what is applied runs, drift shows with who did it and is put right, what is taken out goes, what is
/// destroyed is gone.
#[test]
fn objects_live_as_they_are_configured() -> Result<()> {
    let Some((mut scene, a)) = scene("objects_live_as_they_are_configured", RKE2)? else { return Ok(()) };
    scene.secrets.add(CANARY);
    let map =
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: web}\ndata: {colour: red}\n";
    let secret = format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: key, namespace: web}}\nstringData: {{password: {CANARY}}}\n"
    );
    let first = addon(&a, "web")
        .set("manifests", manifests(&[&deployment(2, "nginx:1"), map, NAMESPACE]))
        .set("secret_manifests", "var.secret_manifests")
        .set("secret_manifests_version", "1");
    // The canary must not stand in the configuration that is searched: it comes by a variable.
    scene.ws.set_env("TF_VAR_secret_manifests", &secret);
    scene.ws.write(
        "secret.tf",
        "variable \"secret_manifests\" {\n  type = string\n  ephemeral = true\n  sensitive = true\n}\n",
    )?;
    scene.converge(&[&first])?;
    scene.tell("applied")?;
    let get = |what: &str| scene.kubectl(RKE2, &a, &format!("-n web get {what}"));
    ensure!(get("deployment web -o jsonpath={.status.availableReplicas}")? == "2", "it was waited for");
    ensure!(get("secret key -o jsonpath={.data.password}")?.len() > 10);
    let objects = scene.ws.state()?.get(ADDRESS, "objects")?.to_string();
    ensure!(objects.contains("Deployment.apps web/web") && objects.contains("Secret web/key"), "{objects}");

    // Others change it: the plan says what, and who; the apply puts it right.
    scene.kubectl(RKE2, &a, "-n web scale deployment web --replicas 5")?;
    scene.kubectl(RKE2, &a, "-n web delete configmap settings")?;
    let plan = scene.ws.planned()?;
    let before = plan.change(ADDRESS)?.before("differences").to_string();
    ensure!(
        before.contains("spec.replicas is 5") && before.contains("ConfigMap web/settings: is gone"),
        "{before}"
    );
    scene.converge(&[&first])?;
    ensure!(get("deployment web -o jsonpath={.spec.replicas}")? == "2");
    scene.tell("put right")?;

    // What is taken out goes; what is changed is rolled out.
    let second = first.set("manifests", manifests(&[NAMESPACE, &deployment(1, "nginx:2")]));
    scene.converge(&[&second])?;
    ensure!(get("configmap settings --ignore-not-found -o name")?.is_empty(), "it was pruned");
    ensure!(get("deployment web -o jsonpath={.spec.template.spec.containers[0].image}")? == "nginx:2");

    // Fields of others are theirs unless taken: `data.colour` of a map that somebody else applied.
    let stranger =
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shared, namespace: web}\ndata: {colour: red}\n";
    let third = second.clone().set("manifests", manifests(&[NAMESPACE, &deployment(1, "nginx:2"), stranger]));
    create(&scene, RKE2, &a, &stranger.replace("colour: red", "colour: blue"))?;
    scene.refused(&[&third], &["objects exist already", "ConfigMap web/shared"])?;
    let adopting = third.set("adopt", "true");
    scene.refused(&[&adopting], &["fields belong to others", ".data.colour", "kubectl"])?;
    scene.converge(&[&adopting.clone().set("force_conflicts", "true")])?;
    ensure!(get("configmap shared -o jsonpath={.data.colour}")? == "red");
    scene.tell("taken over")?;

    // Forgotten and imported.
    scene.ws.run(&["state", "rm", ADDRESS])?.ok()?;
    scene.refused(&[&adopting], &["the cluster has it already"])?;

    let seen = std::collections::BTreeSet::new();
    scene.expect_no_secret(&seen, &[], &[&a])?;
    scene.declare(&[&adopting.set("force_conflicts", "true")])?;
    let server = serde_json::json!({ "host": a.address, "host_keys": [a.host_key] });
    scene.ws.import(ADDRESS, &format!("{server}/web"))?.ok()?;
    scene.ws.apply()?.ok()?;
    scene.ws.expect_empty_plan()?;
    scene.ws.destroy()?.ok()?;
    let left = scene.kubectl(RKE2, &a, "get namespace web --ignore-not-found -o name")?;
    ensure!(left.is_empty(), "{left}");
    let left = scene.kubectl(
        RKE2,
        &a,
        "-n kube-system get configmap hybridops-addon-web --ignore-not-found -o name",
    )?;
    ensure!(left.is_empty(), "{left}");
    scene.tell("gone")
}

/// What does not come up is told with its cause; what cannot be read is refused before anything is written.
#[test]
fn what_does_not_run_is_told_with_its_cause() -> Result<()> {
    let Some((scene, a)) = scene("what_does_not_run_is_told_with_its_cause", RKE2)? else { return Ok(()) };
    let broken = addon(&a, "web").set("manifests", manifests(&["apiVersion: v1\nkind: Pod\n"]));
    scene.refused_at_plan(&[&broken], &["metadata.name"])?;
    let broken = broken.set("manifests", manifests(&["a: ["]));
    scene.refused_at_plan(&[&broken], &["line 2"])?;
    scene.refused_at_plan(&[&addon(&a, "web")], &["The add-on is nothing"])?;
    let unknown = addon(&a, "web")
        .set("manifests", manifests(&["apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: x}\n"]));
    scene.refused(&[&unknown], &["does not know a kind", "example.com/v1"])?;
    let missing = addon(&a, "web")
        .set("manifests", manifests(&[NAMESPACE, &deployment(1, "image-missing:1")]))
        .set("timeouts", "{ create = \"15s\", update = \"15s\" }");
    scene.refused(&[&missing], &["workloads do not come up", "Deployment web/web", "ImagePullBackOff"])?;
    // The add-on is in the state, and goes on from there.
    scene.converge(&[&missing.set("manifests", manifests(&[NAMESPACE, &deployment(1, "nginx:1")]))])?;
    scene.ws.destroy()?.ok()?;
    Ok(())
}
