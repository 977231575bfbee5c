list "hybridops_proxmox_sdn_zone_simple" "all" {
  provider = hybridops
}
