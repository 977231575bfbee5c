data "hybridops_proxmox_storages_nfs" "all" {
}
