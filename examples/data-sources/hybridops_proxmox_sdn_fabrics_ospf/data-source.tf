data "hybridops_proxmox_sdn_fabrics_ospf" "all" {
}
