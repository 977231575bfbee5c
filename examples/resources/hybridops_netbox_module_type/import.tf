import {
  to = hybridops_netbox_module_type.example
  id = "5"
}
