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

resource "hybridops_netbox_module_bay" "example" {
  device = hybridops_netbox_device.example.id
  name   = "Amsterdam module bay"
}
