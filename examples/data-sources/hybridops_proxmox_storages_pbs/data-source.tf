data "hybridops_proxmox_storages_pbs" "all" {
}
