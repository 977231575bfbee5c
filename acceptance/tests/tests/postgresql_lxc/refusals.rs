//! What must not be used is refused, and stays as it was, byte for byte.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::Path;

use acceptance_tests::postgresql::{Declared, Scene};
use anyhow::{Result, ensure};

use crate::support::{data_sum, host_directory, on_host, scene};

/// The apply is refused with these words, no container is left of it, and the data is what it was.
fn refused(scene: &Scene, declared: &Declared, says: &[&str]) -> Result<()> {
    let before = data_sum(scene)?;
    scene.refused(&[declared], says)?;
    ensure!(data_sum(scene)? == before, "the data changed");
    ensure!(scene.lab.guests().is_empty(), "a container was made: {:?}", scene.lab.guests());
    scene.tell(&format!("refused, data untouched: {}", says.join(" … ")))
}

fn owned(place: &Path, owner: u32) -> Result<()> {
    Ok(chown(place, Some(owner), Some(owner))?)
}

#[test]
fn data_that_is_not_its_own_is_left_alone() -> Result<()> {
    let Some(scene) = scene("data_that_is_not_its_own_is_left_alone")? else { return Ok(()) };
    let it = on_host(&scene, 51)?;
    scene.converge(&[&it])?;
    scene.ws.destroy()?.ok()?;
    let data = host_directory(&scene)?.join("data");
    let main = data.join("15/main");

    // The wrong user: an unshifted or otherwise mapped directory.
    owned(&main, 543)?;
    refused(&scene, &it, &["belongs to somebody else", "100543", "chown -R"])?;
    owned(&main, 100_543)?;

    // Open to others.
    fs::set_permissions(&main, fs::Permissions::from_mode(0o755))?;
    refused(&scene, &it, &["has mode 0755", "chmod 0700"])?;
    fs::set_permissions(&main, fs::Permissions::from_mode(0o700))?;

    // Another member's.
    let marker = data.join("15/main.hybridops.json");
    let text = fs::read_to_string(&marker)?;
    ensure!(text.contains("db-01"), "{text}");
    fs::write(&marker, text.replace("db-01", "db-99"))?;
    refused(&scene, &it, &["is the data of \"db-99\""])?;
    fs::write(&marker, &text)?;

    // Another major version.
    refused(&scene, &it.clone().set("postgresql.version", "16"), &["holds a cluster of version 15"])?;
    let version = main.join("PG_VERSION");
    fs::write(&version, "14\n")?;
    refused(&scene, &it, &["holds a cluster of version 14"])?;
    fs::write(&version, "15\n")?;

    // Mounted in another container.
    let pve = scene.node("pve1")?.root.join("etc/pve/lxc");
    fs::create_dir_all(&pve)?;
    fs::write(pve.join("999.conf"), "mp0: /srv/db-01/data,mp=/var/lib/postgresql\n")?;
    refused(&scene, &it, &["belongs to another container", "999"])?;
    fs::remove_file(pve.join("999.conf"))?;

    // What is there is no cluster, whoever it belongs to.
    let ours = main.with_extension("ours");
    fs::rename(&main, &ours)?;
    fs::create_dir(&main)?;
    fs::write(main.join("precious"), "not a database\n")?;
    fs::set_permissions(&main, fs::Permissions::from_mode(0o700))?;
    owned(&main, 100_543)?;
    refused(&scene, &it, &["holds something else", "Nothing was changed"])?;
    fs::remove_dir_all(&main)?;

    // No data at all, and a marker that says whose they were.
    refused(&scene, &it, &["The data is not there", "terraform state rm"])?;
    fs::rename(&ours, &main)?;

    // And when all is right again, it is attached.
    scene.converge(&[&it])?;

    // Another cluster in its place, made with the programs of the container: refused while the container is there, and
    // before one is made.
    let inside = crate::support::machine(&scene, 51)?;
    scene.exec(
        &inside,
        "systemctl stop postgresql@15-main; cd /var/lib/postgresql/15; mv main main.ours; \
         runuser -u postgres -- /usr/lib/postgresql/15/bin/initdb -D main --data-checksums >/dev/null",
    )?;
    let foreign = data_sum(&scene)?;
    scene
        .refused(&[&it.clone().set("postgresql.settings", "{ work_mem = \"7MB\" }")], &["another cluster"])?;
    ensure!(data_sum(&scene)? == foreign, "data of another cluster changed");
    // Destroying plans first, and is refused too; what is not looked at may go: the data stay anyway.
    scene.declare(&[&it])?;
    scene.ws.destroy()?.fails()?.says("another cluster")?;
    scene.ws.run(&["destroy", "-auto-approve", "-refresh=false"])?.ok()?;
    refused(&scene, &it, &["is another database", "Put the right directory back"])?;
    fs::remove_dir_all(&main)?;
    fs::rename(data.join("15/main.ours"), &main)?;
    scene.converge(&[&it])?;
    scene.ws.destroy()?.ok()?;
    Ok(())
}

#[test]
fn a_container_without_its_data_is_not_filled_with_an_empty_cluster() -> Result<()> {
    let Some(scene) = scene("a_container_without_its_data")? else { return Ok(()) };
    let it = on_host(&scene, 52)?;
    scene.converge(&[&it])?;
    let inside = crate::support::machine(&scene, 52)?;
    inside.stop(&scene.lab)?;
    scene.lab.remove_guest(inside.vmid);
    scene.real()?.remove(inside.vmid)?;
    let data = host_directory(&scene)?.join("data");
    let aside = data.with_extension("aside");
    fs::rename(&data, &aside)?;
    scene.refused(&[&it], &["The data is not there", "terraform state rm"])?;
    ensure!(!data.exists() && scene.lab.guests().is_empty(), "something was made in its place");
    fs::rename(&aside, &data)?;
    scene.converge(&[&it])?;

    // What cannot be moved by a change is refused too.
    for (changed, says) in [
        (it.clone().text("data.host_path", "/srv/elsewhere"), "is not moved"),
        (it.clone().text("name", "db-02"), "stands in the marker"),
        (it.clone().set("data.idmap_base", "200000"), "belongs to the users it was made with"),
    ] {
        scene.refused(&[&changed], &["cannot be changed like this", says])?;
    }
    scene.declare(&[&it])?;
    scene.ws.destroy()?.ok()?;
    Ok(())
}

#[test]
fn a_token_cannot_mount_a_directory_and_the_plan_says_so() -> Result<()> {
    let Some(scene) = Scene::start("a_token_cannot_mount_a_directory")? else { return Ok(()) };
    let it = on_host(&scene, 53)?;
    scene.declare(&[&it])?;
    scene.ws.plan()?.fails()?.says("Only root@pam may set bind mounts")?.says("data takes root@pam")?;
    ensure!(scene.lab.guests().is_empty(), "a plan made something");
    Ok(())
}
