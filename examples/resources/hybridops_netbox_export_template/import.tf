import {
  to = hybridops_netbox_export_template.example
  id = "5"
}
