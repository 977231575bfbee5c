import {
  to = hybridops_netbox_tenant.example
  id = "5"
}
