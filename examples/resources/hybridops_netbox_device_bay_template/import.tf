import {
  to = hybridops_netbox_device_bay_template.example
  id = "5"
}
