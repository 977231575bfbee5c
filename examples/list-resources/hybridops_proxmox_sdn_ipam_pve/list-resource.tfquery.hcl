list "hybridops_proxmox_sdn_ipam_pve" "all" {
  provider = hybridops
}
