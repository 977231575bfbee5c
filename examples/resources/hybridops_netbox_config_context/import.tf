import {
  to = hybridops_netbox_config_context.example
  id = "5"
}
