import {
  to = hybridops_netbox_rack_role.example
  id = "5"
}
