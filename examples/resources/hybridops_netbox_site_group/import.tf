import {
  to = hybridops_netbox_site_group.example
  id = "5"
}
