# By its id.
terraform import hybridops_proxmox_ha_rule_resource_affinity.example "apart"
