data "hybridops_proxmox_sdn_fabric_nodes_ospf" "all" {
  fabric_id = "spine"
}
