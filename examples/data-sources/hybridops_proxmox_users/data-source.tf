data "hybridops_proxmox_users" "all" {
}
