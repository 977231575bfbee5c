data "hybridops_proxmox_sdn_zones_qinq" "all" {
}
