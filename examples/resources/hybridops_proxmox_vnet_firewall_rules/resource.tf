resource "hybridops_proxmox_sdn_zone_vxlan" "example" {
  zone  = "vxlanz"
  peers = ["10.0.0.1", "10.0.0.2"]
}

resource "hybridops_proxmox_sdn_vnet" "example" {
  vnet = "web"
  zone = hybridops_proxmox_sdn_zone_vxlan.example.zone
  tag  = 100
}

resource "hybridops_proxmox_vnet_firewall_rules" "example" {
  vnet = hybridops_proxmox_sdn_vnet.example.vnet
  rules = [
    { action = "ACCEPT", enable = true, source = "10.20.0.0/24", type = "forward" },
  ]
}
