data "hybridops_netbox_ipsec_profile" "example" {
  name = "Amsterdam IPsec profile"
}
