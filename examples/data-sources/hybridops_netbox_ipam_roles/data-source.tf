data "hybridops_netbox_ipam_roles" "matching" {
  filters = { tag = ["production"] }
}
