import {
  to = hybridops_netbox_power_panel.example
  id = "5"
}
