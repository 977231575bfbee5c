import {
  to = hybridops_netbox_device_type.example
  id = "5"
}
