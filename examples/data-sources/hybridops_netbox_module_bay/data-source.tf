data "hybridops_netbox_module_bay" "example" {
  name = "Amsterdam module bay"
}
