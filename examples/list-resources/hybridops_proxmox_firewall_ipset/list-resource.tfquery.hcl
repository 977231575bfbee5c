list "hybridops_proxmox_firewall_ipset" "all" {
  provider = hybridops
}
