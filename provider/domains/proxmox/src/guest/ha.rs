//! Groups of high availability, which ended with Proxmox VE 8.

use tf_framework::Diagnostic;
use tf_value::Path;
use transport_rest::Budget;

use crate::client::Proxmox;

/// Whether the cluster still knows groups, where a guest is to be in one. A server that does not tell its version is
/// left to judge by itself.
pub(crate) async fn check_ha_group(px: &Proxmox, group: Option<&str>, budget: &Budget) -> Option<Diagnostic> {
    let group = group?;
    let version = px.api.version(budget).await.ok().filter(|version| version.at_least(9, 0))?;
    let detail = format!(
        "Groups became rules with Proxmox VE 9. Leave `group` out, and name the guest in a \
         `hybridops_proxmox_ha_rule_node_affinity` that has the nodes of {group:?}."
    );
    let path = Path::root().attribute("ha").attribute("group");
    Some(Diagnostic::error(format!("Proxmox VE {version} has no HA groups"), detail).at(path))
}
