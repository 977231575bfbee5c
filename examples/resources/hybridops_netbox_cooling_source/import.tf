import {
  to = hybridops_netbox_cooling_source.example
  id = "5"
}
