import {
  to = hybridops_netbox_virtual_circuit.example
  id = "5"
}
