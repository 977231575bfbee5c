import {
  to = hybridops_netbox_cooling_outflow.example
  id = "5"
}
