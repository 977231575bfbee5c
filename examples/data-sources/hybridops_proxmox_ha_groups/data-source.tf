data "hybridops_proxmox_ha_groups" "all" {
}
