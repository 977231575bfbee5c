list "hybridops_proxmox_firewall_alias" "all" {
  provider = hybridops
}
