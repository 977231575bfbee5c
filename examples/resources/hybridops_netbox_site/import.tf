import {
  to = hybridops_netbox_site.example
  id = "5"
}
