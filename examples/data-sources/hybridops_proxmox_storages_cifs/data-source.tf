data "hybridops_proxmox_storages_cifs" "all" {
}
