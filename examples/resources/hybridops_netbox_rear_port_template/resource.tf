resource "hybridops_netbox_manufacturer" "example" {
  name = "Juniper"
}

resource "hybridops_netbox_device_type" "templated" {
  manufacturer   = hybridops_netbox_manufacturer.example.id
  model          = "Amsterdam device type templated"
  subdevice_role = "parent"
}

resource "hybridops_netbox_rear_port_template" "example" {
  name        = "Amsterdam rear port template"
  type        = "8p8c"
  device_type = hybridops_netbox_device_type.templated.id
}
