list "hybridops_proxmox_sdn_zone_qinq" "all" {
  provider = hybridops
}
