data "hybridops_proxmox_roles" "all" {
}
