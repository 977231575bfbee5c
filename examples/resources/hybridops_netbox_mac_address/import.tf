import {
  to = hybridops_netbox_mac_address.example
  id = "5"
}
