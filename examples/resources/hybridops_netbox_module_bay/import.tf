import {
  to = hybridops_netbox_module_bay.example
  id = "5"
}
