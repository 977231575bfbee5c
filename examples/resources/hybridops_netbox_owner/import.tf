import {
  to = hybridops_netbox_owner.example
  id = "5"
}
