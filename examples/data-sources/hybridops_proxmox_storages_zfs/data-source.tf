data "hybridops_proxmox_storages_zfs" "all" {
}
