//! What is refused at plan, and what before the first write: every finding at once.

use acceptance_tests::kubernetes::{Distribution, Scene, Wanted};
use acceptance_tests::real::Declared;
use anyhow::{Result, ensure};

const RKE2: Distribution = Distribution::Rke2;

#[test]
fn bad_input_is_refused_at_plan() -> Result<()> {
    let Some(scene) =
        Scene::with("rke2 refusals", Wanted { versions: vec!["v1.33.4", "v1.35.0"], ..Wanted::default() })?
    else {
        return Ok(());
    };
    let [a, b] = scene.machines(11, ["a", "b"])?;
    let cluster =
        |servers: &[&acceptance_tests::kubernetes::Machine]| scene.cluster(RKE2, "v1.33.4", servers);
    let refused = |one: &Declared, says: &[&str]| scene.refused_at_plan(&[one], says).map(drop);
    refused(&cluster(&[&a, &b]), &["number of servers is even"])?;
    let twice = format!("{{\n a = {0}\n b = {0}\n c = {1}\n }}", a.block(), b.block());
    refused(
        &cluster(&[&a]).set("servers", twice).text("config.service_cidr", "10.42.128.0/17"),
        &["the same machine", "Networks overlap"],
    )?;
    refused(&cluster(&[&a]).text("version", "v1.33.99+rke2r1"), &["v1.33.99+rke2r1 cannot be found"])?;
    refused(&cluster(&[&a]).text("version", "v1.33.4+k3s1"), &["is of K3s, not of RKE2"])?;
    refused(
        &cluster(&[&a]).without("version").text("channel", "nightly"),
        &["no channel \"nightly\"", "stable"],
    )?;
    refused(&cluster(&[&a]).text("config.extra", "token: x"), &["`token` belongs to an attribute"])?;
    scene.tell("clusters were refused")?;
    // A machine that is there is looked at before anything is made: everything that is found is told.
    let accepted = |one: Declared, list: &str| one.set("preflight.accept", list.to_owned());
    let whole = scene.whole(RKE2, "v1.35.0", &[&a], &[]);
    let mut bare: Vec<Declared> = whole.clone();
    if let Some(cluster) = bare.first_mut() {
        *cluster = accepted(cluster.clone(), "[]");
    }
    scene.refused_at_plan(
        &bare.iter().collect::<Vec<_>>(),
        &["cgroup-v1", "kernel-modules", "kmsg", "Nothing was changed"],
    )?;
    // What cannot be accepted is not.
    scene.refused_at_plan(&whole.iter().collect::<Vec<_>>(), &["cgroup-v1"])?;
    let stranger = scene.server(RKE2, &b).text("name", "b");
    let cluster = cluster(&[&a]);
    scene.refused_at_plan(&[&cluster, &stranger], &["b is no server of the cluster"])?;
    let left = scene.exec(&a, "ls /etc/rancher /var/lib/hybridops /usr/local/bin 2>/dev/null; true")?;
    ensure!(!left.contains("rke2"), "{left}");
    Ok(())
}

#[test]
fn no_cluster_is_made_while_a_server_cannot_be_asked() -> Result<()> {
    let Some(scene) = Scene::start("rke2 unreachable server")? else { return Ok(()) };
    let [a, b, c] = scene.machines(11, ["a", "b", "c"])?;
    c.stop(&scene.lab)?;
    let cluster = scene.cluster(RKE2, "v1.33.4", &[&a, &b, &c]);
    let first = scene.server(RKE2, &a);
    scene.refused(&[&cluster, &first], &["cannot be asked", "c: "])?;
    ensure!(!scene.unit(&a, "rke2-server")?.is_active());
    // A machine that proves to be another one is not spoken to.
    let key = b.host_key.clone();
    let wrong = scene
        .server(RKE2, &a)
        .set("machine", format!("{{ host = \"{}\", host_keys = [\"{key}\"] }}", a.address));
    let alone = scene
        .cluster(RKE2, "v1.33.4", &[&a])
        .set("servers", format!("{{ a = {{ host = \"{}\", host_keys = [\"{key}\"] }} }}", a.address));
    scene.refused(&[&alone, &wrong], &["showed the key", "host_keys"])?;
    Ok(())
}
