list "hybridops_proxmox_sdn_zone_vlan" "all" {
  provider = hybridops
}
