resource "hybridops_netbox_site" "example" {
  name             = "Amsterdam 1"
  slug             = "ams1"
  facility         = "Science Park"
  physical_address = "Science Park 121, Amsterdam"
  status           = "active"
  time_zone        = "Europe/Amsterdam"
}

resource "hybridops_netbox_manufacturer" "example" {
  name = "Juniper"
}

resource "hybridops_netbox_device_type" "example" {
  manufacturer = hybridops_netbox_manufacturer.example.id
  model        = "EX4300-48T"
  part_number  = "EX4300-48T"
  u_height     = 1
}

resource "hybridops_netbox_device_role" "example" {
  name  = "Access switch"
  color = "2196f3"
}

resource "hybridops_netbox_device" "example" {
  site        = hybridops_netbox_site.example.id
  device_type = hybridops_netbox_device_type.example.id
  role        = hybridops_netbox_device_role.example.id
  name        = "ams1-sw1"
  serial      = "PE3718020123"
  status      = "active"
}

resource "hybridops_netbox_interface" "cable_base_a" {
  device = hybridops_netbox_device.example.id
  name   = "Amsterdam interface cable-base-a"
  type   = "1000base-t"
}

resource "hybridops_netbox_interface" "cable_base_b" {
  device = hybridops_netbox_device.example.id
  name   = "Amsterdam interface cable-base-b"
  type   = "1000base-t"
}

resource "hybridops_netbox_cable" "example" {
  label          = "Amsterdam cable"
  a_terminations = [{ object_id = hybridops_netbox_interface.cable_base_a.id, object_type = "dcim.interface" }]
  b_terminations = [{ object_id = hybridops_netbox_interface.cable_base_b.id, object_type = "dcim.interface" }]
}
