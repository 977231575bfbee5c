data "hybridops_proxmox_realms_openid" "all" {
}
