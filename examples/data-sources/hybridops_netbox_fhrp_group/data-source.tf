data "hybridops_netbox_fhrp_group" "example" {
  name = "amsterdam"
}
