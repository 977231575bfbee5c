data "hybridops_proxmox_storages_dir" "all" {
}
