data "hybridops_proxmox_pools" "all" {
}
