import {
  to = hybridops_netbox_interface_template.example
  id = "5"
}
