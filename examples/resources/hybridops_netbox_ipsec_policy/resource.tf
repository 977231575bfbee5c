resource "hybridops_netbox_ipsec_policy" "example" {
  name = "Amsterdam IPsec policy"
}
