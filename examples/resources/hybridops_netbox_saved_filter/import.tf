import {
  to = hybridops_netbox_saved_filter.example
  id = "5"
}
