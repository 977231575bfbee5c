list "hybridops_proxmox_sdn_zone_vxlan" "all" {
  provider = hybridops
}
