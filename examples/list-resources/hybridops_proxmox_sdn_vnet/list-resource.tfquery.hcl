list "hybridops_proxmox_sdn_vnet" "all" {
  provider = hybridops
}
