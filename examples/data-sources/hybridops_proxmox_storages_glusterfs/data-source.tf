data "hybridops_proxmox_storages_glusterfs" "all" {
}
