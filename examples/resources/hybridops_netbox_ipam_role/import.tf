import {
  to = hybridops_netbox_ipam_role.example
  id = "5"
}
