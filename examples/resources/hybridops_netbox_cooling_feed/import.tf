import {
  to = hybridops_netbox_cooling_feed.example
  id = "5"
}
