data "hybridops_proxmox_storages_btrfs" "all" {
}
