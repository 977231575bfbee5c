data "hybridops_proxmox_sdn_dns_powerdns_list" "all" {
}
