data "hybridops_proxmox_groups" "all" {
}
