list "hybridops_proxmox_ha_group" "all" {
  provider = hybridops
}
