resource "hybridops_proxmox_sdn_controller_bgp" "example" {
  controller    = "bgppve1"
  asn           = 65000
  node          = "pve1"
  peers         = ["10.0.0.254"]
  ebgp          = true
  ebgp_multihop = 2
}
