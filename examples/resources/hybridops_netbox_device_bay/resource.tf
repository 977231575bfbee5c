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

resource "hybridops_netbox_device_type" "chassis" {
  manufacturer   = hybridops_netbox_manufacturer.example.id
  model          = "Amsterdam device type chassis"
  subdevice_role = "parent"
}

resource "hybridops_netbox_device_role" "example" {
  name  = "Access switch"
  color = "2196f3"
}

resource "hybridops_netbox_device" "chassis" {
  site        = hybridops_netbox_site.example.id
  device_type = hybridops_netbox_device_type.chassis.id
  role        = hybridops_netbox_device_role.example.id
  name        = "Amsterdam chassis"
}

resource "hybridops_netbox_device_bay" "example" {
  device = hybridops_netbox_device.chassis.id
  name   = "Amsterdam device bay"
}
