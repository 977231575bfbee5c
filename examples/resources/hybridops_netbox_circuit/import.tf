import {
  to = hybridops_netbox_circuit.example
  id = "5"
}
