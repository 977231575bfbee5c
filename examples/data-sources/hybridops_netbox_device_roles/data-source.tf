data "hybridops_netbox_device_roles" "matching" {
  filters = { tag = ["production"] }
}
