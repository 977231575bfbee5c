use tf_framework::{Resource, Sensitive};

/// Nothing said.
#[derive(Clone, Resource)]
struct Nameless {
    /// A field.
    field: String,
}

/// Slips.
#[derive(Clone, Resource)]
#[resource(name = "Proxmox-VM", subcategroy = "Example", version = "1")]
struct Slips {
    /// Kept by Terraform.
    count: u16,
    /// Kept by Terraform.
    #[attr(rename = "for_each")]
    each: String,
}

/// Identity.
#[derive(Clone, Resource)]
#[resource(name = "vm", subcategory = "Example", identity(nod, vmid(optinal), token, vmid, node = 1))]
struct Identity {
    /// The node.
    node: String,
    /// The number.
    vmid: u32,
    /// A secret.
    token: Sensitive<String>,
}

/// State of old.
#[derive(Clone, tf_framework::Model)]
struct Old {
    /// A field.
    field: String,
}

/// History.
#[derive(Clone, Resource)]
#[resource(name = "vm", subcategory = "Example", version = 1, upgrade(0 = Old, 0 = Old, 1 = Old))]
struct History {
    /// A field.
    field: String,
}

impl From<Old> for History {
    fn from(old: Old) -> Self {
        Self { field: old.field }
    }
}

/// Not a struct.
#[derive(Clone, Resource)]
#[resource(name = "vm", subcategory = "Example")]
enum Kind {
    A,
}

fn main() {}
