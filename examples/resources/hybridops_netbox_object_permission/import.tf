import {
  to = hybridops_netbox_object_permission.example
  id = "5"
}
