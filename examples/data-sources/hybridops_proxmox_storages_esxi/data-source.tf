data "hybridops_proxmox_storages_esxi" "all" {
}
