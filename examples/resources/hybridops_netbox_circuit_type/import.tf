import {
  to = hybridops_netbox_circuit_type.example
  id = "5"
}
