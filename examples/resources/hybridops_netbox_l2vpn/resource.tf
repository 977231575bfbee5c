resource "hybridops_netbox_l2vpn" "example" {
  name = "Amsterdam L2VPN"
  type = "vxlan"
}
