data "hybridops_proxmox_ha_resources" "all" {
}
