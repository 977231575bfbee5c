data "hybridops_netbox_interface" "example" {
  name = "ge-0/0/0"
}
