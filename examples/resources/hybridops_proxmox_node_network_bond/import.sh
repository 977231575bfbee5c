# By its id: node, iface.
terraform import hybridops_proxmox_node_network_bond.example "pve1/bond0"
