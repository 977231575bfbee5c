//! Which arguments are secrets.

/// A secret argument of somebody else's provider that has a write-only twin. Reviewed by hand against the providers'
/// documentation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Twin {
    pub(crate) kind: &'static str,
    /// Goes into the state.
    pub(crate) plain: &'static str,
    /// Does not.
    pub(crate) write_only: &'static str,
    /// Tells the provider that the write-only value changed.
    pub(crate) version: &'static str,
    /// An argument and the value it must have for the plain one to be a secret.
    pub(crate) when: Option<(&'static str, &'static str)>,
}

const fn twin(
    kind: &'static str,
    plain: &'static str,
    write_only: &'static str,
    version: &'static str,
) -> Twin {
    Twin { kind, plain, write_only, version, when: None }
}

/// The twins.
pub(crate) const TWINS: [Twin; 16] = [
    twin("aws_db_instance", "password", "password_wo", "password_wo_version"),
    twin("aws_rds_cluster", "master_password", "master_password_wo", "master_password_wo_version"),
    twin("aws_redshift_cluster", "master_password", "master_password_wo", "master_password_wo_version"),
    twin(
        "aws_secretsmanager_secret_version",
        "secret_string",
        "secret_string_wo",
        "secret_string_wo_version",
    ),
    Twin {
        when: Some(("type", "SecureString")),
        ..twin("aws_ssm_parameter", "value", "value_wo", "value_wo_version")
    },
    twin("azurerm_key_vault_secret", "value", "value_wo", "value_wo_version"),
    twin(
        "azurerm_postgresql_flexible_server",
        "administrator_password",
        "administrator_password_wo",
        "administrator_password_wo_version",
    ),
    twin(
        "azurerm_mysql_flexible_server",
        "administrator_password",
        "administrator_password_wo",
        "administrator_password_wo_version",
    ),
    twin(
        "azurerm_mssql_server",
        "administrator_login_password",
        "administrator_login_password_wo",
        "administrator_login_password_wo_version",
    ),
    twin("google_sql_user", "password", "password_wo", "password_wo_version"),
    twin("google_secret_manager_secret_version", "secret_data", "secret_data_wo", "secret_data_wo_version"),
    twin("kubernetes_secret", "data", "data_wo", "data_wo_revision"),
    twin("kubernetes_secret_v1", "data", "data_wo", "data_wo_revision"),
    twin("vault_kv_secret_v2", "data_json", "data_json_wo", "data_json_wo_version"),
    twin("postgresql_role", "password", "password_wo", "password_wo_version"),
    twin("helm_release", "set_sensitive", "set_wo", "set_wo_revision"),
];

/// A secret of this project's own provider, where no secret has a plain argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Own {
    /// The type of resource; `provider.hybridops` for the provider itself.
    pub(crate) kind: &'static str,
    /// The way to the secret; `*` is any element or key.
    pub(crate) path: Vec<&'static str>,
    /// Whether it has a version, which stands beside it and ends in `_version`, that may be left out.
    pub(crate) optional_version: bool,
}

/// Generated from the provider's schema; an acceptance test compares them.
const OWN: &str = include_str!("own.tsv");

/// The secrets of this project's own provider.
pub(crate) fn own() -> impl Iterator<Item = Own> {
    OWN.lines().filter_map(|line| {
        let mut columns = line.split('\t');
        let (kind, path, version) = (columns.next()?, columns.next()?, columns.next()?);
        Some(Own { kind, path: path.split('.').collect(), optional_version: version == "optional" })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_understood() {
        assert_eq!(own().count(), OWN.lines().count());
        assert!(own().all(|secret| secret.path.iter().all(|step| !step.is_empty())));
        assert!(own().any(|secret| secret.path == ["postgresql", "roles", "*", "password"]));
        assert!(own().any(|secret| secret.kind == "hybridops_proxmox_user" && secret.optional_version));
    }
}
