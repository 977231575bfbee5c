import {
  to = hybridops_netbox_wireless_lan.example
  id = "5"
}
