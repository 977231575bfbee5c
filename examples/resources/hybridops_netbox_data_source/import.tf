import {
  to = hybridops_netbox_data_source.example
  id = "5"
}
