import {
  to = hybridops_netbox_tenant_group.example
  id = "5"
}
