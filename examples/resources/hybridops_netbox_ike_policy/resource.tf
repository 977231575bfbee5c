resource "hybridops_netbox_ike_policy" "example" {
  name = "Amsterdam IKE policy"
}
