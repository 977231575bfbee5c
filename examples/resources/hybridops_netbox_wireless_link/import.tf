import {
  to = hybridops_netbox_wireless_link.example
  id = "5"
}
