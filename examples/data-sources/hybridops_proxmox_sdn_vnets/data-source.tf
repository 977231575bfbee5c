data "hybridops_proxmox_sdn_vnets" "all" {
}
