data "hybridops_proxmox_mapping_dirs" "all" {
}
