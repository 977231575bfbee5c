//! Mappings of PCI and USB devices and of directories.

use serde_json::{Map, Value};

use super::super::family::{Family, Hooks, Shown, Text, Texts};
use super::super::options::Options;

pub(super) const FAMILIES: &[Family] = &[PCI, USB, DIR];

const AUDIT: &[&str] = &["Mapping.Modify", "Mapping.Use", "Mapping.Audit"];

const fn texts(before: [&'static str; 3], taken: &'static str, missing: &'static str) -> Texts {
    Texts {
        taken: Text::Died(taken),
        missing: [Text::Died("mapping '{id}' not found"), Text::Died(missing), Text::Silent],
        before,
    }
}

const PCI: Family = Family {
    collection: "/cluster/mapping/pci",
    item: "/cluster/mapping/pci/{id}",
    create: "/cluster/mapping/pci",
    shows_id: ["id", ""],
    seen_with: Some(("/mapping/pci/{id}", AUDIT)),
    texts: texts(
        ["create hardware mapping failed", "update hardware mapping failed", "delete pci mapping failed"],
        "pci ID '{id}' already defined",
        "pci ID '{id}' does not exist",
    ),
    hooks: &Mapping,
    ..Family::of(
        "pci_mapping",
        "mapping/pci.cfg",
        &[("pci", Options::new("description mdev live-migration-capable map*"))],
    )
};

const USB: Family = Family {
    collection: "/cluster/mapping/usb",
    item: "/cluster/mapping/usb/{id}",
    create: "/cluster/mapping/usb",
    shows_id: ["id", ""],
    seen_with: Some(("/mapping/usb/{id}", AUDIT)),
    texts: texts(
        ["create hardware mapping failed", "update hardware mapping failed", "delete usb mapping failed"],
        "usb ID '{id}' already defined",
        "usb ID '{id}' does not exist",
    ),
    hooks: &Mapping,
    ..Family::of("usb_mapping", "mapping/usb.cfg", &[("usb", Options::new("description map*"))])
};

const DIR: Family = Family {
    collection: "/cluster/mapping/dir",
    item: "/cluster/mapping/dir/{id}",
    create: "/cluster/mapping/dir",
    shows_id: ["id", ""],
    seen_with: Some(("/mapping/dir/{id}", AUDIT)),
    texts: texts(
        ["create directory mapping failed", "update directory mapping failed", "delete dir mapping failed"],
        "dir ID '{id}' already defined",
        "dir ID '{id}' does not exist",
    ),
    hooks: &Mapping,
    ..Family::of("dir_mapping", "mapping/directory.cfg", &[("dir", Options::new("description map*"))])
};

/// Lists can be asked to check the devices of a node; here every device is there.
#[derive(Debug)]
struct Mapping;

impl Hooks for Mapping {
    fn show(&self, shown: &Shown<'_>, view: &mut Map<String, Value>) {
        if shown.listed && shown.call.params.str("check-node").is_some() {
            view.insert("checks".into(), Value::Array(Vec::new()));
        }
    }
}
