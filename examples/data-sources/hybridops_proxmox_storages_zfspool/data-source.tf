data "hybridops_proxmox_storages_zfspool" "all" {
}
