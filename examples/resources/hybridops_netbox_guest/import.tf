import {
  to = hybridops_netbox_guest.web_01
  id = "pve1/web-01"
}
