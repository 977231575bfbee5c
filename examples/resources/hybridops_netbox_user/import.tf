import {
  to = hybridops_netbox_user.example
  id = "5"
}
