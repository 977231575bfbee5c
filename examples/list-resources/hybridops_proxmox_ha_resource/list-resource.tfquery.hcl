list "hybridops_proxmox_ha_resource" "all" {
  provider = hybridops
}
