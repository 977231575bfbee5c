import {
  to = hybridops_netbox_device.example
  id = "5"
}
