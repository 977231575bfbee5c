data "hybridops_netbox_ipsec_proposal" "example" {
  name = "Amsterdam IPsec proposal"
}
