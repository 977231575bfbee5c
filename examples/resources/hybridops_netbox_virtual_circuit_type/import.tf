import {
  to = hybridops_netbox_virtual_circuit_type.example
  id = "5"
}
