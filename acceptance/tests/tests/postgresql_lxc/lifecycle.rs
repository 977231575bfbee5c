//! From nothing to an instance, its changes, what is done to it by hand, and its end.

use acceptance_tests::postgresql::{query, settings};
use anyhow::{Result, ensure};

use crate::support::{
    ADDRESS, data_sum, expect_one_container, fill, host_directory, identifier, machine, on_host, rows, scene,
};

#[test]
fn made_changed_mended_and_destroyed_without_its_data() -> Result<()> {
    let Some(scene) = scene("made_changed_mended_and_destroyed_without_its_data")? else { return Ok(()) };
    let it = on_host(&scene, 21)?;
    let made = scene.converge(&[&it])?;
    scene.tell(&format!("made in {:.1} s, the second plan is empty", made.took.as_secs_f64()))?;
    let inside = machine(&scene, 21)?;
    expect_one_container(&scene, inside.vmid)?;
    let (id, kept) = (identifier(&scene)?, fill(&scene, &inside)?);
    ensure!(query(&[&inside.address], "SELECT current_user")? == ["app"]);

    // Unprivileged, and the data is the pinned user's on the node.
    let config = scene.lab.guest(inside.vmid).map(|guest| guest.config).unwrap_or_default();
    ensure!(config.get("unprivileged").map(String::as_str) == Some("1"), "{config:?}");
    let owner = scene.exec(&inside, "stat -c '%U %u:%g %a' /var/lib/postgresql/15/main")?;
    ensure!(owner == "postgres 543:543 700", "{owner}");
    let main = host_directory(&scene)?.join("data/15/main");
    let about = std::fs::metadata(&main)?;
    let numbers = (std::os::unix::fs::MetadataExt::uid(&about), std::os::unix::fs::MetadataExt::gid(&about));
    ensure!(numbers == (100_543, 100_543), "{numbers:?}");

    // The limits of the container are what the settings come from.
    ensure!(scene.ws.state()?.get(ADDRESS, "/status/memory")? == 1024);

    // In place: a setting, and the container's own memory.
    let boot = scene.exec(&inside, "cut -d' ' -f22 /proc/1/stat")?;
    let changed = it
        .clone()
        .set("postgresql.settings", settings(&[("work_mem", "6MB")]))
        .set("container.cores", "1")
        .set("container.tags", "[\"postgresql\"]");
    scene.converge(&[&changed])?;
    ensure!(scene.value(&inside, "SHOW work_mem")? == "6MB");
    ensure!(machine(&scene, 21)?.vmid == inside.vmid);
    ensure!(scene.exec(&inside, "cut -d' ' -f22 /proc/1/stat")? == boot, "the container was restarted");

    // The provider's cost tags stand beside its own, come and go without a restart, and come back.
    let tags = || {
        let config = scene.lab.guest(inside.vmid).map(|guest| guest.config).unwrap_or_default();
        config.get("tags").cloned().unwrap_or_default()
    };
    for (section, expected) in [
        ("cost_tags = { env = \"dev\", owner = \"it\" }", "cost-env.dev;cost-owner.it;postgresql"),
        ("cost_tags = { env = \"prod\" }", "cost-env.prod;postgresql"),
        ("", "postgresql"),
        ("cost_tags = { env = \"prod\" }", "cost-env.prod;postgresql"),
    ] {
        scene.ws.write("cost.tf", &format!("provider \"hybridops\" {{\n  {section}\n}}\n"))?;
        scene.ws.planned()?.expect(&[(ADDRESS, "update")])?;
        scene.converge(&[&changed])?;
        ensure!(tags() == expected, "{section}: {}", tags());
    }
    let own = changed.clone().set("container.tags", "[\"cost-env.prod\", \"postgresql\"]");
    scene.converge(&[&own])?;
    ensure!(tags() == "cost-env.prod;postgresql", "{}", tags());
    ensure!(scene.exec(&inside, "cut -d' ' -f22 /proc/1/stat")? == boot, "the container was restarted");
    scene.ws.remove("cost.tf")?;
    scene.converge(&[&changed])?;
    ensure!(tags() == "postgresql", "{}", tags());

    // Switched off by hand: the plan says so, and the apply starts it.
    inside.stop(&scene.lab)?;
    let plan = scene.ws.plan()?.ok()?;
    ensure!(plan.text().contains("running"), "a container that does not run is no change?\n{}", plan.text());
    scene.converge(&[&changed])?;
    ensure!(rows(&scene, &inside)? == kept);

    // A refresh asks the instance once.
    scene.expect_refresh_within_budget(1)?;

    // Protected: neither destroyed nor replaced.
    scene.converge(&[&changed.clone().set("deletion_protection", "true")])?;
    scene.ws.destroy()?.fails()?.says("is protected")?.says("deletion_protection = false")?;
    scene
        .ws
        .run(&["apply", "-auto-approve", &format!("-replace={ADDRESS}")])?
        .fails()?
        .says("is protected")?;
    ensure!(scene.exec(&inside, "true").is_ok(), "the protected container is gone");
    scene.converge(&[&changed])?;

    // Destroyed: the container is gone, the data is not.
    scene.ws.destroy()?.ok()?;
    ensure!(scene.lab.guests().is_empty() && scene.real()?.guests().is_empty(), "a container is left");
    let sum = data_sum(&scene)?;
    ensure!(sum == data_sum(&scene)?, "the data changes although nothing runs");

    // Made again on the same data: the same database.
    scene.converge(&[&changed])?;
    let again = machine(&scene, 21)?;
    ensure!(identifier(&scene)? == id, "another database");
    ensure!(rows(&scene, &again)? == kept, "other rows");
    scene.ws.destroy()?.ok()?;
    Ok(())
}

#[test]
fn reached_by_its_own_ssh_server_with_a_key_read_through_the_node() -> Result<()> {
    let Some(mut scene) = scene("reached_by_its_own_ssh_server")? else { return Ok(()) };
    let (_, public) = scene.real()?.client_key()?;
    let it = on_host(&scene, 22)?
        .set("container.ssh_keys", format!("[\"{public}\"]"))
        .set("inside", "{ via = \"ssh\" }");
    scene.converge(&[&it])?;
    let inside = machine(&scene, 22)?;
    let state = scene.ws.state()?;
    let key = state.get(ADDRESS, "host_key")?.as_str().unwrap_or_default().to_owned();
    ensure!(key == inside.host_key, "{key} was pinned, it has {}", inside.host_key);
    let asked = scene.counting(|| scene.ws.expect_empty_plan().map(drop))?;
    let targets: Vec<&str> = asked.commands.iter().map(|command| command.target.as_str()).collect();
    ensure!(targets == ["db-01"], "a refresh asked {targets:?}");

    // Somebody else answers at the address: nothing is sent there, the state stays.
    scene.exec(&inside, "rm /etc/ssh/ssh_host_*; ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key; systemctl restart ssh || systemctl restart sshd")?;
    let plan = scene.ws.plan()?.ok()?;
    ensure!(plan.text().contains("was not read"), "{}", plan.text());
    scene.secrets.add("nothing");
    scene.ws.destroy()?.ok()?;
    Ok(())
}
