list "hybridops_proxmox_sdn_zone_evpn" "all" {
  provider = hybridops
}
