resource "hybridops_netbox_ike_proposal" "example" {
  name                  = "Amsterdam IKE proposal"
  authentication_method = "preshared-keys"
  encryption_algorithm  = "aes-128-cbc"
  group                 = 1
}
