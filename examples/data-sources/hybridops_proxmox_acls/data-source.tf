data "hybridops_proxmox_acls" "all" {
}
