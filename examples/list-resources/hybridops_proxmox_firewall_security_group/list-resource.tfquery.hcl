list "hybridops_proxmox_firewall_security_group" "all" {
  provider = hybridops
}
