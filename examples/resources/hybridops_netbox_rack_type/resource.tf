resource "hybridops_netbox_manufacturer" "example" {
  name = "Juniper"
}

resource "hybridops_netbox_rack_type" "example" {
  manufacturer = hybridops_netbox_manufacturer.example.id
  model        = "Amsterdam rack type"
  form_factor  = "2-post-frame"
}
