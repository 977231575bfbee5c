//! Which resources carry tags, where, and in whose grammar.

use cost_engine::tags::Target;

/// Where a kind of resource carries its tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Carrier {
    pub(crate) target: Target,
    /// Whether it costs money by itself, and so has to say whose.
    pub(crate) costly: bool,
    /// The block that holds the argument, where it is none of the resource's own.
    pub(crate) block: Option<&'static str>,
    /// The argument; of several the first that is set.
    pub(crate) arguments: &'static [&'static str],
    /// The attribute inside the argument, where that is an object.
    pub(crate) inside: Option<&'static str>,
}

impl Carrier {
    const fn of(target: Target, arguments: &'static [&'static str]) -> Self {
        Self { target, costly: false, block: None, arguments, inside: None }
    }

    const fn within(self, block: &'static str) -> Self {
        Self { block: Some(block), ..self }
    }

    /// Where resources of a type carry tags; `None` where nothing is known about it.
    pub(crate) fn of_type(kind: &str) -> Option<Self> {
        let costly = COSTLY.contains(&kind);
        let (_, carrier) = PARTICULAR
            .iter()
            .find(|(types, _)| types.contains(&kind))
            .map(|(_, carrier)| ((), carrier))
            .or_else(|| FAMILIES.iter().find(|(prefix, _)| kind.starts_with(prefix)).map(|(_, c)| ((), c)))?;
        Some(Self { costly, ..*carrier })
    }

    /// The arguments of resources that may hold tags, for a schema.
    pub(crate) const ARGUMENTS: [&'static str; 6] =
        ["tags", "add_tags", "labels", "resource_labels", "user_labels", "container"];

    /// The blocks of resources that may hold tags.
    pub(crate) const BLOCKS: [&'static str; 3] = ["metadata", "settings", "node_config"];
}

/// Types that differ from their family.
const PARTICULAR: [(&[&str], Carrier); 5] = [
    (&["google_container_cluster"], Carrier::of(Target::Gcp, &["resource_labels"])),
    (&["google_container_node_pool"], Carrier::of(Target::Gcp, &["resource_labels"]).within("node_config")),
    (&["google_sql_database_instance"], Carrier::of(Target::Gcp, &["user_labels"]).within("settings")),
    (
        &["hybridops_postgresql_lxc"],
        Carrier { inside: Some("tags"), ..Carrier::of(Target::Proxmox, &["container"]) },
    ),
    (&["hybridops_netbox_tag", "netbox_tag"], Carrier::of(Target::Netbox, &[])),
];

/// Families by the beginning of their names; the first match counts.
const FAMILIES: [(&str, Carrier); 9] = [
    ("aws_", Carrier::of(Target::Aws, &["tags"])),
    ("azurerm_", Carrier::of(Target::Azure, &["tags"])),
    ("google_", Carrier::of(Target::Gcp, &["labels"])),
    ("kubernetes_", Carrier::of(Target::Kubernetes, &["labels"]).within("metadata")),
    ("hybridops_proxmox_", Carrier::of(Target::Proxmox, &["tags"])),
    ("proxmox_", Carrier::of(Target::Proxmox, &["tags"])),
    ("hybridops_netbox_", Carrier::of(Target::Netbox, &["tags", "add_tags"])),
    ("netbox_", Carrier::of(Target::Netbox, &["tags"])),
    ("hybridops_postgresql_", Carrier::of(Target::Proxmox, &[])),
];

/// Types that are paid for by the hour, the gigabyte or the kilowatt-hour.
const COSTLY: [&str; 46] = [
    "aws_instance",
    "aws_db_instance",
    "aws_rds_cluster",
    "aws_rds_cluster_instance",
    "aws_eks_cluster",
    "aws_eks_node_group",
    "aws_ebs_volume",
    "aws_efs_file_system",
    "aws_s3_bucket",
    "aws_lb",
    "aws_nat_gateway",
    "aws_dynamodb_table",
    "aws_elasticache_replication_group",
    "azurerm_linux_virtual_machine",
    "azurerm_windows_virtual_machine",
    "azurerm_linux_virtual_machine_scale_set",
    "azurerm_kubernetes_cluster",
    "azurerm_kubernetes_cluster_node_pool",
    "azurerm_postgresql_flexible_server",
    "azurerm_mysql_flexible_server",
    "azurerm_mssql_database",
    "azurerm_managed_disk",
    "azurerm_storage_account",
    "azurerm_lb",
    "azurerm_public_ip",
    "azurerm_nat_gateway",
    "azurerm_redis_cache",
    "google_compute_instance",
    "google_compute_disk",
    "google_container_cluster",
    "google_container_node_pool",
    "google_sql_database_instance",
    "google_storage_bucket",
    "google_alloydb_cluster",
    "google_redis_instance",
    "kubernetes_namespace",
    "kubernetes_namespace_v1",
    "kubernetes_persistent_volume_claim",
    "kubernetes_persistent_volume_claim_v1",
    "hybridops_proxmox_vm",
    "hybridops_proxmox_lxc",
    "hybridops_postgresql_lxc",
    "proxmox_virtual_environment_vm",
    "proxmox_virtual_environment_container",
    "proxmox_vm_qemu",
    "proxmox_lxc",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_costly_type_says_where_its_tags_are() {
        for kind in COSTLY {
            let carrier = Carrier::of_type(kind).unwrap_or_else(|| panic!("{kind} has no family"));
            assert!(carrier.costly && !carrier.arguments.is_empty(), "{kind}");
            assert!(carrier.arguments.iter().all(|argument| Carrier::ARGUMENTS.contains(argument)), "{kind}");
            assert!(carrier.block.is_none_or(|block| Carrier::BLOCKS.contains(&block)), "{kind}");
        }
    }

    #[test]
    fn particular_types_differ_from_their_family() {
        let carrier = Carrier::of_type("google_sql_database_instance").expect("known");
        assert_eq!((carrier.block, carrier.arguments), (Some("settings"), ["user_labels"].as_slice()));
        assert_eq!(Carrier::of_type("google_compute_disk").expect("known").arguments, ["labels"]);
        assert_eq!(Carrier::of_type("hybridops_postgresql_lxc").expect("known").inside, Some("tags"));
        assert!(!Carrier::of_type("aws_iam_role").expect("known").costly);
        assert_eq!(Carrier::of_type("random_password"), None);
    }
}
