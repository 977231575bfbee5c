resource "hybridops_netbox_manufacturer" "example" {
  name = "Juniper"
}

resource "hybridops_netbox_device_type" "templated" {
  manufacturer   = hybridops_netbox_manufacturer.example.id
  model          = "Amsterdam device type templated"
  subdevice_role = "parent"
}

resource "hybridops_netbox_cooling_outflow_template" "example" {
  name        = "Amsterdam cooling outflow template"
  device_type = hybridops_netbox_device_type.templated.id
}
