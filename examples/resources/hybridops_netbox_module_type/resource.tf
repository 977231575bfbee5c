resource "hybridops_netbox_manufacturer" "example" {
  name = "Juniper"
}

resource "hybridops_netbox_module_type" "example" {
  manufacturer = hybridops_netbox_manufacturer.example.id
  model        = "Amsterdam module type"
}
