import {
  to = hybridops_netbox_vm_interface.example
  id = "5"
}
