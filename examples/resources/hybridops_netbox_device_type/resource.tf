resource "hybridops_netbox_manufacturer" "example" {
  name = "Juniper"
}

resource "hybridops_netbox_device_type" "example" {
  manufacturer = hybridops_netbox_manufacturer.example.id
  model        = "EX4300-48T"
  part_number  = "EX4300-48T"
  u_height     = 1
}
