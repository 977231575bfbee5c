import {
  to = hybridops_netbox_custom_link.example
  id = "5"
}
