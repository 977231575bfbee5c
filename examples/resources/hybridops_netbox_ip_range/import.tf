import {
  to = hybridops_netbox_ip_range.example
  id = "5"
}
