data "hybridops_netbox_interface_template" "example" {
  name = "Amsterdam interface template"
}
