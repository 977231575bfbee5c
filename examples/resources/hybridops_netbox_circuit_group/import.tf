import {
  to = hybridops_netbox_circuit_group.example
  id = "5"
}
