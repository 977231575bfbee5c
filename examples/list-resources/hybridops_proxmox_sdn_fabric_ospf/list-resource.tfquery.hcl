list "hybridops_proxmox_sdn_fabric_ospf" "all" {
  provider = hybridops
}
