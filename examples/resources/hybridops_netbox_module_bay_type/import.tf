import {
  to = hybridops_netbox_module_bay_type.example
  id = "5"
}
