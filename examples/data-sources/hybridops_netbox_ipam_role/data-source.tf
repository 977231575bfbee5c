data "hybridops_netbox_ipam_role" "example" {
  slug = "amsterdam"
}
