import {
  to = hybridops_netbox_custom_field_choice_set.example
  id = "5"
}
