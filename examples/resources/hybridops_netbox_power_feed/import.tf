import {
  to = hybridops_netbox_power_feed.example
  id = "5"
}
