import {
  to = hybridops_netbox_device_role.example
  id = "5"
}
