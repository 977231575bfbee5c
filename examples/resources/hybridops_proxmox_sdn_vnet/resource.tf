resource "hybridops_proxmox_sdn_zone_vxlan" "example" {
  zone  = "vxlanz"
  peers = ["10.0.0.1", "10.0.0.2"]
}

resource "hybridops_proxmox_sdn_vnet" "example" {
  vnet          = "web"
  zone          = hybridops_proxmox_sdn_zone_vxlan.example.zone
  tag           = 100
  alias         = "Web servers"
  isolate_ports = true
}
