data "hybridops_netbox_fhrp_group_assignment" "example" {
  id = 5
}
