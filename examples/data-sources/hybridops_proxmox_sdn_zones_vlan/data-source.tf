data "hybridops_proxmox_sdn_zones_vlan" "all" {
}
