list "hybridops_proxmox_sdn_dns_powerdns" "all" {
  provider = hybridops
}
