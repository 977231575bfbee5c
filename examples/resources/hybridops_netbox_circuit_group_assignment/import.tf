import {
  to = hybridops_netbox_circuit_group_assignment.example
  id = "5"
}
