import {
  to = hybridops_netbox_provider_network.example
  id = "5"
}
