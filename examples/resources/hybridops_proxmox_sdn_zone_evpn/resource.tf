resource "hybridops_proxmox_sdn_controller_evpn" "example" {
  controller = "evpn1"
  asn        = 65000
}

resource "hybridops_proxmox_sdn_zone_evpn" "example" {
  zone              = "evpnz"
  controller        = hybridops_proxmox_sdn_controller_evpn.example.controller
  vrf_vxlan         = 10000
  advertise_subnets = true
  exitnodes         = ["pve1"]
  ipam              = "pve"
  mtu               = 1400
  nodes             = ["pve1"]
}
