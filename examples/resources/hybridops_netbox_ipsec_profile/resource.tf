resource "hybridops_netbox_ike_policy" "example" {
  name = "Amsterdam IKE policy"
}

resource "hybridops_netbox_ipsec_policy" "example" {
  name = "Amsterdam IPsec policy"
}

resource "hybridops_netbox_ipsec_profile" "example" {
  name         = "Amsterdam IPsec profile"
  ike_policy   = hybridops_netbox_ike_policy.example.id
  ipsec_policy = hybridops_netbox_ipsec_policy.example.id
  mode         = "esp"
}
