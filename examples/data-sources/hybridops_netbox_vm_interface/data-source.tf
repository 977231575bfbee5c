data "hybridops_netbox_vm_interface" "example" {
  name = "eth0"
}
