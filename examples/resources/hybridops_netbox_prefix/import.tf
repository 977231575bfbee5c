import {
  to = hybridops_netbox_prefix.example
  id = "5"
}
