data "hybridops_netbox_virtual_machine" "example" {
  name = "web1"
}
