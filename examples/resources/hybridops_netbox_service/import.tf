import {
  to = hybridops_netbox_service.example
  id = "5"
}
