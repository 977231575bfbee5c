//! Kinds of the chapter `mappings`.
// Generated from the API schema of Proxmox VE and the overrides beside the generator; do not edit. To make it again:
// cargo run -p proxmox-table -- generate --out provider/domains/proxmox/src/table <apischema.json>

use super::shared::*;

pub(super) static MAPPING_DIR: Kind = Kind {
    name: "proxmox_mapping_dir",
    plural: "proxmox_mapping_dirs",
    label: "directory mapping",
    path: "cluster/mapping/dir",
    model: "cluster/mapping/dir",
    subcategory: "Proxmox VE: cluster",
    description: "Names directories of nodes, so that virtual machines can share them by virtiofs wherever they run.",
    available: Availability::ALWAYS,
    fields: &[
        NAME_FIELD_2,
        Field { presence: Presence::Required, ..field("map", Shape::Objects { fields: &[Field { presence: Presence::Required, ..field("node", Shape::Text { min: None, max: None, format: Format::Plain }, "The node that the directory is on.") }, Field { presence: Presence::Required, ..field("path", Shape::Text { min: None, max: None, format: Format::Plain }, "The absolute path of the directory.") }], ordered: false }, "The directories, one for each node.") },
        DESCRIPTION_FIELD,
    ],
    keys: &[
        Key { parts: &[KeyPart { field: "name", filter: "id" }], enforced: true },
    ],
    lookup: &["name"],
    filters: &[
    ],
    omit: &[],
    born_with: None,
    deletion: Some("Works while guests use it; they then no longer start."),
    nature: Nature::named(&["name"], 0),
};

pub(super) static MAPPING_PCI: Kind = Kind {
    name: "proxmox_mapping_pci",
    plural: "proxmox_mapping_pcis",
    label: "PCI mapping",
    path: "cluster/mapping/pci",
    model: "cluster/mapping/pci",
    subcategory: "Proxmox VE: cluster",
    description: "Names PCI devices of nodes, so that a virtual machine can have one wherever it runs, without the rights of `root@pam`.",
    available: Availability::ALWAYS,
    fields: &[
        NAME_FIELD_2,
        Field { presence: Presence::Required, ..field("map", Shape::Objects { fields: &[Field { presence: Presence::Required, ..field("id", Shape::Text { min: None, max: None, format: Format::Plain }, "The vendor and device number, such as `8086:1237`. The device must have it, or the machine does not start.") }, Field { presence: Presence::Required, ..field("node", Shape::Text { min: None, max: None, format: Format::Plain }, "The node that the device is in.") }, Field { presence: Presence::Required, ..field("path", Shape::Text { min: None, max: None, format: Format::Plain }, "The address of the device, such as `0000:01:00.0`; without the function for all functions of it.") }, Field { nullable: true, ..field("description", Shape::Text { min: None, max: Some(4096), format: Format::Plain }, "A text about the device.") }, Field { nullable: true, ..field("iommugroup", Shape::Integer { min: None, max: None }, "The IOMMU group of the device.") }, Field { wire: "subsystem-id", nullable: true, ..field("subsystem_id", Shape::Text { min: None, max: None, format: Format::Plain }, "The vendor and device number of the subsystem.") }], ordered: false }, "The devices, one or more for each node.") },
        DESCRIPTION_FIELD,
        Field { wire: "live-migration-capable", nullable: true, ..field("live_migration_capable", Shape::Bool, "Whether a machine that has the device can be migrated while it runs. Without it, the server takes `false`.") },
        Field { nullable: true, ..field("mdev", Shape::Bool, "Whether the devices can be shared as mediated devices. Without it, the server takes `false`.") },
    ],
    keys: &[
        Key { parts: &[KeyPart { field: "name", filter: "id" }], enforced: true },
    ],
    lookup: &["name"],
    filters: &[
    ],
    omit: &[],
    born_with: None,
    deletion: Some("Works while guests use it; they then no longer start."),
    nature: Nature::named(&["name"], 0),
};

pub(super) static MAPPING_USB: Kind = Kind {
    name: "proxmox_mapping_usb",
    plural: "proxmox_mapping_usb_devices",
    label: "USB mapping",
    path: "cluster/mapping/usb",
    model: "cluster/mapping/usb",
    subcategory: "Proxmox VE: cluster",
    description: "Names USB devices or ports of nodes, so that a virtual machine can have one wherever it runs, without the rights of `root@pam`.",
    available: Availability::ALWAYS,
    fields: &[
        NAME_FIELD_2,
        Field { presence: Presence::Required, ..field("map", Shape::Objects { fields: &[Field { presence: Presence::Required, ..field("id", Shape::Text { min: None, max: None, format: Format::Plain }, "The vendor and product number, such as `0529:0001`.") }, Field { presence: Presence::Required, ..field("node", Shape::Text { min: None, max: None, format: Format::Plain }, "The node that the device is in.") }, Field { nullable: true, ..field("description", Shape::Text { min: None, max: Some(4096), format: Format::Plain }, "A text about the device.") }, Field { nullable: true, ..field("path", Shape::Text { min: None, max: None, format: Format::Plain }, "The port, such as `1-2.3`. Without it, the device is found by its number wherever it is plugged in.") }], ordered: false }, "The devices, one for each node.") },
        DESCRIPTION_FIELD,
    ],
    keys: &[
        Key { parts: &[KeyPart { field: "name", filter: "id" }], enforced: true },
    ],
    lookup: &["name"],
    filters: &[
    ],
    omit: &[],
    born_with: None,
    deletion: Some("Works while guests use it; they then no longer start."),
    nature: Nature::named(&["name"], 0),
};
