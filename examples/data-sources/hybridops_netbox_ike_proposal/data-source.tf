data "hybridops_netbox_ike_proposal" "example" {
  name = "Amsterdam IKE proposal"
}
