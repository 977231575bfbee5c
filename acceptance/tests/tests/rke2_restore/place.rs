//! What all of these scenes have.

use acceptance_tests::kubernetes::{Distribution, Machine, Scene};
use acceptance_tests::real::Declared;
use anyhow::{Context as _, Result, ensure};
use serde_json::Value as Json;

pub(crate) const RKE2: Distribution = Distribution::Rke2;
pub(crate) const VERSION: &str = "v1.33.4";
pub(crate) const SNAPSHOTS: &str = "/var/lib/rancher/rke2/server/db/snapshots";

/// A snapshot by the resource, taken by server `a`.
pub(crate) fn snapshot(name: &str) -> Declared {
    Declared::new("hybridops_rke2_etcd_snapshot", name)
        .set("servers", "hybridops_rke2_cluster.it.servers")
        .text("name", name)
        .text("server", "a")
}

/// The cluster with a restore of a file on server `a`.
pub(crate) fn restoring(cluster: Declared, epoch: u64, file: &str) -> Declared {
    cluster
        .set("restore.epoch", epoch.to_string())
        .text("restore.snapshot.name", file)
        .text("restore.snapshot.server", "a")
}

/// Something that is in the cluster from now on.
pub(crate) fn leave(scene: &Scene, server: &Machine, name: &str) -> Result<()> {
    scene.kubectl(RKE2, server, &format!("create configmap {name} --from-literal=k=v")).map(drop)
}

/// Whether it is.
pub(crate) fn has(scene: &Scene, server: &Machine, name: &str) -> bool {
    scene.kubectl(RKE2, server, &format!("get configmap {name}")).is_ok()
}

/// An attribute in the state.
pub(crate) fn state(scene: &Scene, address: &str, place: &str) -> Result<Json> {
    Ok(scene.ws.state()?.get(address, place)?.clone())
}

/// The name of the file of a snapshot.
pub(crate) fn file(scene: &Scene, name: &str) -> Result<String> {
    let file = state(scene, &format!("hybridops_rke2_etcd_snapshot.{name}"), "file")?;
    Ok(file.as_str().context("a name")?.to_owned())
}

/// By what each server's service is known: another value is another start of it.
pub(crate) fn starts(scene: &Scene, servers: &[&Machine]) -> Result<Vec<String>> {
    let of = |server: &&Machine| Ok(scene.unit(server, "rke2-server")?.get("InvocationID").to_owned());
    let starts: Vec<String> = servers.iter().map(of).collect::<Result<_>>()?;
    ensure!(starts.iter().all(|start| !start.is_empty()), "{starts:?}");
    Ok(starts)
}

/// Nothing of a restore may be left on a server but the note of it.
pub(crate) fn expect_clean(scene: &Scene, servers: &[&Machine]) -> Result<()> {
    for server in servers {
        let left = scene.exec(
            server,
            "ls -d /var/lib/rancher/rke2/server/db-hybridops-aside /var/lib/hybridops/rke2/restore \
             /var/lib/hybridops/rke2/restore.frozen /run/hybridops/rke2-reset \
             /etc/rancher/rke2/config.yaml.d/95-hybridops-restore.yaml \
             /etc/systemd/system/rke2-server.service.d/95-hybridops-restore.conf 2>/dev/null; true",
        )?;
        ensure!(left.is_empty(), "left on {}: {left}", server.name);
        let units = scene.exec(server, "systemctl list-units --all --plain --no-legend 'hybridops*'")?;
        ensure!(units.is_empty(), "left on {}: {units}", server.name);
    }
    Ok(())
}
