//! What a configuration can be told to be wrong without asking anybody.

use tf_framework::{Diagnostic, Diagnostics, Field};
use tf_value::Path;

use super::at;
use crate::resources::vm::model::*;
use crate::resources::vm::slots::declared;
use crate::seed::{Finding, check_network_config, check_user_data};

/// Notes longer than this leave no room for the stamp: Proxmox keeps 8 KiB.
const MAX_DESCRIPTION: usize = 6000;

/// Whether nothing is said of a clone: configurations that Terraform writes of imported guests have such blanks.
fn is_blank(source: &CloneSourcePartial) -> bool {
    source.vmid.is_null()
        && source.template.is_null()
        && source.full.is_null()
        && source.storage.is_null()
        && source.format.is_null()
        && source.snapshot.is_null()
}

/// Checks what validators cannot express, offline.
pub(in crate::resources::vm) fn validate(config: &VmPartial, diagnostics: &mut Diagnostics) {
    let mut wrong = |path: Path, summary: &str, detail: String| {
        diagnostics.push(Diagnostic::error(summary, detail).at(path));
    };
    if config.description.known().is_some_and(|text| text.len() > MAX_DESCRIPTION) {
        let detail = format!("It may have {MAX_DESCRIPTION} bytes; Proxmox keeps 8 KiB of notes.");
        wrong(at("description"), "The description is too long", detail);
    }
    let cloned = !config.clone.is_null();
    if !cloned && config.node.is_null() && config.nodes.is_null() {
        wrong(
            at("node"),
            "The guest has no place",
            "Set `node`, or `nodes` with those it may be on. Only a clone may leave it to its source."
                .to_owned(),
        );
    }
    if let Field::Known(source) = &config.clone
        && !is_blank(source)
    {
        let named =
            [!source.vmid.is_null(), !source.template.is_null()].into_iter().filter(|named| *named).count();
        if named != 1 {
            let detail = "Set either `vmid` or `template`.".to_owned();
            wrong(at("clone"), "A clone has one source", detail);
        }
        let linked = source.full.known() == Some(&false);
        if linked && (source.storage.known().is_some() || source.format.known().is_some()) {
            let detail = "Its disks are on the storage of the template. Leave `storage` and `format` out, or clone in full.";
            wrong(at("clone"), "A linked clone has no storage of its own", detail.to_owned());
        }
    }
    if let Field::Known(source) = &config.restore
        && source.archive.is_null()
    {
        wrong(
            at("restore"),
            "A restore needs an archive",
            "Set `archive` to the volume of a backup.".to_owned(),
        );
    }
    let disks = config.disks.known();
    let drives = config.cdrom.known();
    for slot in drives.into_iter().flatten().map(|(slot, _)| slot) {
        if disks.is_some_and(|disks| disks.contains_key(slot)) {
            let detail =
                format!("Slot {slot} stands in `disks` and in `cdrom`. Use another slot for one of them.");
            wrong(at("cdrom").key(slot), "A slot holds one drive", detail);
        }
    }
    for (slot, disk) in disks.into_iter().flatten().filter_map(|(slot, disk)| Some((slot, disk.known()?))) {
        let imported = disk.import_from.known().is_some_and(|image| !image.is_empty());
        if imported && disk.volume.known().is_some() {
            let detail =
                "Set `import_from` to copy an image, or `volume` to attach a volume, not both.".to_owned();
            wrong(at("disks").key(slot), "A disk has one origin", detail);
        }
    }
    if let Field::Known(removed) = &config.remove {
        let declared = declared(config).unwrap_or_default();
        for key in removed.iter().filter_map(Field::known).filter(|key| declared.contains(*key)) {
            let detail =
                format!("{key} stands in `remove` and in the configuration. Leave it out of one of them.");
            wrong(at("remove"), "A setting is either wanted or not", detail);
        }
    }
    let mut told = Vec::new();
    documents(config, &mut wrong, &mut told);
    diagnostics.extend(told);
}

fn documents(config: &VmPartial, wrong: &mut impl FnMut(Path, &str, String), told: &mut Vec<Diagnostic>) {
    let Some(cloud_init) = config.cloud_init.known() else { return };
    // What is not known yet may turn out to be null: each element of a module's `for_each` is so while it is validated.
    let documents = [&cloud_init.user_data, &cloud_init.network_config, &cloud_init.vendor_data];
    let own = cloud_init.user.known().is_some()
        || cloud_init.password_version.known().is_some()
        || cloud_init.ssh_keys.known().is_some()
        || cloud_init.ip_config.known().is_some()
        || cloud_init.search_domain.known().is_some()
        || cloud_init.nameservers.known().is_some()
        || cloud_init.upgrade.known().is_some();
    let seeded = documents.into_iter().any(|document| document.known().is_some());
    if seeded && cloud_init.storage.is_null() {
        let detail = "Set `storage` to one that takes content `iso`: the seed image is uploaded there.";
        wrong(at("cloud_init").attribute("storage"), "A seed image needs a storage", detail.to_owned());
    }
    for (name, document, check) in [
        ("user_data", &cloud_init.user_data, check_user_data as fn(&str) -> Vec<Finding>),
        ("vendor_data", &cloud_init.vendor_data, check_user_data),
        ("network_config", &cloud_init.network_config, check_network_config),
    ] {
        let found = document.known().map(|text| check(text)).unwrap_or_default();
        told.extend(found.iter().map(|finding| finding.diagnostic(name, at("cloud_init").attribute(name))));
    }
    if own && seeded {
        let detail = "Proxmox makes its drive from `user`, `ssh_keys`, `ip_config` and the like; a seed image is made from your \
                      documents. A guest reads one of them.";
        wrong(at("cloud_init"), "Cloud-init has one source", detail.to_owned());
    }
}
