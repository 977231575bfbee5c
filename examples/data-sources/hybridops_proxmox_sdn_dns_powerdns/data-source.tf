data "hybridops_proxmox_sdn_dns_powerdns" "example" {
  id = "pdns"
}
