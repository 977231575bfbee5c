import {
  to = hybridops_proxmox_node_network_ovs_port.example
  id = "pve1/eno6"
}
