import {
  to = hybridops_netbox_rack_group.example
  id = "5"
}
