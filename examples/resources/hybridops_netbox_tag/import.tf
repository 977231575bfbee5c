import {
  to = hybridops_netbox_tag.example
  id = "5"
}
