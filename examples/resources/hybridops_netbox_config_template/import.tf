import {
  to = hybridops_netbox_config_template.example
  id = "5"
}
