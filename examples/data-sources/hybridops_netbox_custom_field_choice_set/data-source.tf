data "hybridops_netbox_custom_field_choice_set" "example" {
  name = "Amsterdam custom field choice set"
}
