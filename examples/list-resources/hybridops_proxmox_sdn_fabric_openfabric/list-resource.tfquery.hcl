list "hybridops_proxmox_sdn_fabric_openfabric" "all" {
  provider = hybridops
}
