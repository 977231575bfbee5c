data "hybridops_proxmox_sdn_zones_evpn" "all" {
}
