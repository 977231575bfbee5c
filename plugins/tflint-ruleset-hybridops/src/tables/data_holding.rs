//! Which resources hold data, and what guards them besides `prevent_destroy`.

/// A type that holds data.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DataHolding {
    pub(crate) kind: &'static str,
    /// The argument by which the provider refuses to destroy, and whether it does so unless told otherwise.
    pub(crate) guard: Option<(&'static str, bool)>,
}

const fn plain(kind: &'static str) -> DataHolding {
    DataHolding { kind, guard: None }
}

const fn guarded(kind: &'static str, guard: &'static str, unless_told: bool) -> DataHolding {
    DataHolding { kind, guard: Some((guard, unless_told)) }
}

/// The arguments that guard, for a schema.
pub(crate) const GUARDS: [&str; 3] = ["deletion_protection", "deletion_protection_enabled", "protection"];

/// The types.
pub(crate) const DATA_HOLDING: [DataHolding; 28] = [
    guarded("hybridops_postgresql_lxc", "deletion_protection", true),
    guarded("aws_db_instance", "deletion_protection", false),
    guarded("aws_rds_cluster", "deletion_protection", false),
    guarded("aws_docdb_cluster", "deletion_protection", false),
    guarded("aws_neptune_cluster", "deletion_protection", false),
    guarded("aws_dynamodb_table", "deletion_protection_enabled", false),
    plain("aws_s3_bucket"),
    plain("aws_ebs_volume"),
    plain("aws_efs_file_system"),
    plain("azurerm_postgresql_flexible_server"),
    plain("azurerm_mysql_flexible_server"),
    plain("azurerm_mssql_database"),
    plain("azurerm_cosmosdb_account"),
    plain("azurerm_storage_account"),
    plain("azurerm_managed_disk"),
    plain("azurerm_key_vault"),
    guarded("google_sql_database_instance", "deletion_protection", true),
    guarded("google_bigquery_table", "deletion_protection", true),
    guarded("google_spanner_database", "deletion_protection", true),
    plain("google_bigquery_dataset"),
    plain("google_storage_bucket"),
    plain("google_compute_disk"),
    plain("google_filestore_instance"),
    plain("google_kms_crypto_key"),
    plain("kubernetes_persistent_volume"),
    plain("kubernetes_persistent_volume_v1"),
    plain("kubernetes_persistent_volume_claim"),
    plain("kubernetes_persistent_volume_claim_v1"),
];

/// What is known of types that users name besides: the guests of Proxmox VE, which hold data or do not.
pub(crate) const ON_REQUEST: [DataHolding; 5] = [
    guarded("hybridops_proxmox_vm", "protection", false),
    guarded("hybridops_proxmox_lxc", "protection", false),
    guarded("proxmox_virtual_environment_vm", "protection", false),
    guarded("proxmox_virtual_environment_container", "protection", false),
    plain("proxmox_vm_qemu"),
];
