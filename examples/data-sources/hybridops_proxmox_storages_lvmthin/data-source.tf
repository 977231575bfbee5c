data "hybridops_proxmox_storages_lvmthin" "all" {
}
