data "hybridops_proxmox_storages_rbd" "all" {
}
