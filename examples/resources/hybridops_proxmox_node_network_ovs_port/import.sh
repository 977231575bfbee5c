# By its id: node, iface.
terraform import hybridops_proxmox_node_network_ovs_port.example "pve1/eno6"
