//! The examples of the documentation are valid.

use std::fs;
use std::path::Path;

use acceptance_tests::{Provider, Workspace, named_or_skip, terraform_or_skip};
use anyhow::{Context as _, Result, ensure};

/// What is here, by the folder of its examples.
const HERE: &[(&str, &[&str])] = &[
    ("resources", &["hybridops_proxmox_snapshot"]),
    (
        "data-sources",
        &["hybridops_proxmox_guests", "hybridops_proxmox_guest_addresses", "hybridops_proxmox_backups"],
    ),
    ("ephemeral-resources", &["hybridops_proxmox_user_token"]),
    ("functions", &["parse_volume_id", "parse_upid", "seed_instance_id"]),
];

/// What needs a newer program.
const NEXT: &[(&str, &[&str])] = &[(
    "actions",
    &[
        "hybridops_proxmox_power",
        "hybridops_proxmox_snapshot",
        "hybridops_proxmox_rollback",
        "hybridops_proxmox_backup",
        "hybridops_proxmox_restore_test",
        "hybridops_proxmox_migrate",
        "hybridops_proxmox_bulk_power",
    ],
)];

fn validate(ws: &Workspace, examples: &[(&str, &[&str])]) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    for (kind, names) in examples {
        for name in *names {
            let directory = root.join(kind).join(name);
            let mut count = 0;
            for entry in fs::read_dir(&directory).with_context(|| directory.display().to_string())? {
                let path = entry?.path();
                let file = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
                if path.extension().is_none_or(|extension| extension != "tf") || file.starts_with("import") {
                    continue;
                }
                ws.write("main.tf", &fs::read_to_string(&path)?)?;
                ws.validate()?.ok().with_context(|| path.display().to_string())?;
                ws.run(&["fmt", "-check", "-diff", "main.tf"])?
                    .ok()
                    .with_context(|| path.display().to_string())?;
                count += 1;
            }
            ensure!(count > 0, "{} has no example", directory.display());
        }
    }
    Ok(())
}

#[test]
fn examples_are_valid() -> Result<()> {
    if !terraform_or_skip("examples::examples_are_valid")? {
        return Ok(());
    }
    validate(&Workspace::ready(&[Provider::hybridops()?])?, HERE)
}

#[test]
fn examples_for_newer_programs_are_valid() -> Result<()> {
    let test = "examples::examples_for_newer_programs_are_valid";
    match named_or_skip("HYBRIDOPS_TERRAFORM_NEXT", test)? {
        Some(program) => validate(&Workspace::ready_for(program, &[Provider::hybridops()?])?, NEXT),
        None => Ok(()),
    }
}
