resource "hybridops_netbox_virtual_machine_type" "example" {
  name = "Amsterdam virtual machine type"
}
