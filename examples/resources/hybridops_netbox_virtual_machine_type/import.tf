import {
  to = hybridops_netbox_virtual_machine_type.example
  id = "5"
}
