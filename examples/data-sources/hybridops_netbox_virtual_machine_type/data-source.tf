data "hybridops_netbox_virtual_machine_type" "example" {
  slug = "amsterdam"
}
