data "hybridops_proxmox_sdn_zones_vxlan" "all" {
}
