# By its id: node, iface.
terraform import hybridops_proxmox_node_network_ovs_bond.example "pve1/bond1"
