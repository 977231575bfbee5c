import {
  to = hybridops_netbox_device_bay.example
  id = "5"
}
