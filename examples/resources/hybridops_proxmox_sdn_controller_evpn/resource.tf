resource "hybridops_proxmox_sdn_controller_evpn" "example" {
  controller = "evpn1"
  asn        = 65000
  peers      = ["10.0.0.1", "10.0.0.2"]
}
