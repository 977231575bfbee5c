//! The CIS profile: the host is prepared and verified, and one that cannot be is refused.

use acceptance_tests::kubernetes::{Distribution, Machine, Scene};
use anyhow::{Result, ensure};

const RKE2: Distribution = Distribution::Rke2;
const VALUES: [(&str, &str); 4] = [
    ("vm/overcommit_memory", "1"),
    ("vm/panic_on_oom", "0"),
    ("kernel/panic", "10"),
    ("kernel/panic_on_oops", "1"),
];

/// Values of the kernel that the container may change: files instead of the kernel's, a double that a container needs whose
/// host is not to be changed.
fn double_kernel(scene: &Scene, machine: &Machine) -> Result<()> {
    for (key, _) in VALUES {
        let file = format!("/run/sysctl-double/{key}");
        let script = format!(
            "mkdir -p \"$(dirname {file})\"; cat /proc/sys/{key} >{file}; mount --bind {file} /proc/sys/{key}"
        );
        scene.exec(machine, &script)?;
    }
    Ok(())
}

#[test]
fn a_host_is_prepared_or_refused() -> Result<()> {
    let Some(scene) = Scene::start("rke2 profile")? else { return Ok(()) };
    let [a] = scene.machines(11, ["a"])?;
    let cluster = scene.cluster(RKE2, "v1.33.4", &[&a]).text("config.profile", "cis");
    let server = scene.server(RKE2, &a);
    // The values of a container are its host's, which it cannot change.
    scene.refused_at_plan(
        &[&cluster, &server],
        &["sysctl: ", "and the profile demands", "In a container, the host must"],
    )?;
    scene.exec(&a, "userdel etcd 2>/dev/null; groupdel etcd 2>/dev/null; ! getent passwd etcd")?;
    double_kernel(&scene, &a)?;
    scene.converge(&[&cluster, &server])?;
    scene.tell("a hardened server stands")?;
    let prepared = || -> Result<()> {
        scene.exec(
            &a,
            "getent passwd etcd && getent group etcd && test -f /etc/sysctl.d/60-hybridops-cis.conf",
        )?;
        for (key, wanted) in VALUES {
            let there = scene.exec(&a, &format!("cat /proc/sys/{key}"))?;
            ensure!(there == wanted, "{key} is {there}");
        }
        Ok(())
    };
    prepared()?;
    ensure!(scene.unit(&a, "rke2-server")?.is_active());
    // Somebody sets a value back and takes the user away: it is told, and put right without a restart.
    let before = scene.unit(&a, "rke2-server")?.get("InvocationID").to_owned();
    scene.exec(&a, "echo 0 >/proc/sys/kernel/panic; userdel etcd")?;
    let plan = scene.ws.planned()?;
    let told = plan.change("hybridops_rke2_node.a")?.before("differences").to_string();
    ensure!(told.contains("kernel.panic is") && told.contains("no user and group `etcd`"), "{told}");
    scene.converge(&[&cluster, &server])?;
    prepared()?;
    ensure!(scene.unit(&a, "rke2-server")?.get("InvocationID") == before, "it was restarted");
    Ok(())
}
