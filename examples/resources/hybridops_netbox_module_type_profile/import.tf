import {
  to = hybridops_netbox_module_type_profile.example
  id = "5"
}
