import {
  to = hybridops_netbox_virtual_machine.example
  id = "5"
}
