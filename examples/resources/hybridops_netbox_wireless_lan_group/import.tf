import {
  to = hybridops_netbox_wireless_lan_group.example
  id = "5"
}
