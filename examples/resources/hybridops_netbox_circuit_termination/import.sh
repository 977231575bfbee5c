# By its id.
terraform import hybridops_netbox_circuit_termination.example 5

# By what it is known by.
terraform import hybridops_netbox_circuit_termination.example "circuit_id=7,term_side=A"
