import {
  to = hybridops_netbox_ip_address.example
  id = "5"
}
