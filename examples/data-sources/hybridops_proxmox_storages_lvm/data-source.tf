data "hybridops_proxmox_storages_lvm" "all" {
}
