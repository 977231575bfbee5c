data "hybridops_proxmox_storages_iscsi" "all" {
}
