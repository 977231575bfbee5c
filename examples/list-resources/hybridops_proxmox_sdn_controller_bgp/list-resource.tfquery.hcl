list "hybridops_proxmox_sdn_controller_bgp" "all" {
  provider = hybridops
}
