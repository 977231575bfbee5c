list "hybridops_proxmox_sdn_controller_evpn" "all" {
  provider = hybridops
}
