//! The examples of the documentation are valid.

use std::fs;
use std::path::Path;

use acceptance_tests::{Provider, Workspace, terraform_or_skip};
use anyhow::{Context as _, Result, ensure};

#[test]
fn examples_are_valid() -> Result<()> {
    if !terraform_or_skip("examples::examples_are_valid")? {
        return Ok(());
    }
    let examples =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/resources/hybridops_proxmox_lxc");
    let mut count = 0;
    for entry in fs::read_dir(examples)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        if !name.starts_with("resource") {
            continue;
        }
        let ws = Workspace::ready(&[Provider::hybridops()?])?;
        fs::create_dir_all(ws.home().join(".ssh"))?;
        fs::write(ws.home().join(".ssh/id_ed25519.pub"), "ssh-ed25519 AAAA example\n")?;
        ws.write("main.tf", &fs::read_to_string(&path)?)?;
        ws.validate()?.ok().context(name.clone())?;
        ws.run(&["fmt", "-check", "-diff", "main.tf"])?.ok().context(name)?;
        count += 1;
    }
    ensure!(count >= 2, "only {count} examples were found");
    Ok(())
}
