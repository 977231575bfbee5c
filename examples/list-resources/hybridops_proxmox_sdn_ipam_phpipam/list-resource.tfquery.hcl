list "hybridops_proxmox_sdn_ipam_phpipam" "all" {
  provider = hybridops
}
