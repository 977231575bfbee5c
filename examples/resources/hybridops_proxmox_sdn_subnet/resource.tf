resource "hybridops_proxmox_sdn_zone_vxlan" "example" {
  zone  = "vxlanz"
  peers = ["10.0.0.1", "10.0.0.2"]
}

resource "hybridops_proxmox_sdn_vnet" "example" {
  vnet = "web"
  zone = hybridops_proxmox_sdn_zone_vxlan.example.zone
  tag  = 100
}

resource "hybridops_proxmox_sdn_subnet" "example" {
  vnet            = hybridops_proxmox_sdn_vnet.example.vnet
  subnet          = "10.20.0.0/24"
  dhcp_dns_server = "10.20.0.53"
  dhcp_range      = [{ end_address = "10.20.0.150", start_address = "10.20.0.100" }]
  dnszoneprefix   = "web"
  gateway         = "10.20.0.1"
  snat            = true
}
