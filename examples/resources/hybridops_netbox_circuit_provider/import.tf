import {
  to = hybridops_netbox_circuit_provider.example
  id = "5"
}
