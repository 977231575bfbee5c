resource "hybridops_proxmox_sdn_dns_powerdns" "example" {
  dns         = "pdns"
  key         = "first-key"
  key_version = 1
  url         = "https://dns.example.com:8081/api/v1/servers/localhost"
}

resource "hybridops_proxmox_sdn_zone_simple" "example" {
  zone    = "simplez"
  dhcp    = "dnsmasq"
  dns     = hybridops_proxmox_sdn_dns_powerdns.example.dns
  dnszone = "guests.example.com"
  ipam    = "pve"
}
