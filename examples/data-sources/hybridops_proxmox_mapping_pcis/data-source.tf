data "hybridops_proxmox_mapping_pcis" "all" {
}
