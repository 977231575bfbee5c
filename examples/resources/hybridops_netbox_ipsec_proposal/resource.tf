resource "hybridops_netbox_ipsec_proposal" "example" {
  name                 = "Amsterdam IPsec proposal"
  encryption_algorithm = "aes-128-cbc"
}
