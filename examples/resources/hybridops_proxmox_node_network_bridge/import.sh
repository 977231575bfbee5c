# By its id: node, iface.
terraform import hybridops_proxmox_node_network_bridge.example "pve1/vmbr5"
