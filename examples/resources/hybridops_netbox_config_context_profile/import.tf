import {
  to = hybridops_netbox_config_context_profile.example
  id = "5"
}
