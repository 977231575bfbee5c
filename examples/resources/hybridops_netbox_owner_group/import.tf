import {
  to = hybridops_netbox_owner_group.example
  id = "5"
}
