import {
  to = hybridops_netbox_virtual_device_context.example
  id = "5"
}
