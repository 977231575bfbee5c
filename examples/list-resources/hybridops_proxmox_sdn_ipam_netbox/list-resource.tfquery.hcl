list "hybridops_proxmox_sdn_ipam_netbox" "all" {
  provider = hybridops
}
