list "hybridops_proxmox_sdn_controller_isis" "all" {
  provider = hybridops
}
