import {
  to = hybridops_netbox_cooling_outflow_template.example
  id = "5"
}
