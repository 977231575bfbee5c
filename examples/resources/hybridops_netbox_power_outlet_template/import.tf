import {
  to = hybridops_netbox_power_outlet_template.example
  id = "5"
}
