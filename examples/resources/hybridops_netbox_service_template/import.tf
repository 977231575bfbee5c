import {
  to = hybridops_netbox_service_template.example
  id = "5"
}
