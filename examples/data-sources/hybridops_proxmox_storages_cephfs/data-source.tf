data "hybridops_proxmox_storages_cephfs" "all" {
}
