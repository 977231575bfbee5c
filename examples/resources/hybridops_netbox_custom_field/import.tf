import {
  to = hybridops_netbox_custom_field.example
  id = "5"
}
