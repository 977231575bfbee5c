import {
  to = hybridops_netbox_module_bay_template.example
  id = "5"
}
