data "hybridops_proxmox_realms_ad" "all" {
}
