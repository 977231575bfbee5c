# By its id: node, iface.
terraform import hybridops_proxmox_node_network_vlan.example "pve1/vlan50"
