list "hybridops_proxmox_sdn_fabric_node_ospf" "all" {
  provider = hybridops
  config {
    fabric_id = "spine"
  }
}
