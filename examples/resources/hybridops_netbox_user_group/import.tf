import {
  to = hybridops_netbox_user_group.example
  id = "5"
}
