import {
  to = hybridops_netbox_module.example
  id = "5"
}
