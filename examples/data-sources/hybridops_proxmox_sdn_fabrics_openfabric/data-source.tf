data "hybridops_proxmox_sdn_fabrics_openfabric" "all" {
}
