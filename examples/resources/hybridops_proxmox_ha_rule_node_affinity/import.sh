# By its id.
terraform import hybridops_proxmox_ha_rule_node_affinity.example "near-storage"
