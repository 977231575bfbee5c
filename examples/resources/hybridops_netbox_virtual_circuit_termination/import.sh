# By its id.
terraform import hybridops_netbox_virtual_circuit_termination.example 5

# By what it is known by.
terraform import hybridops_netbox_virtual_circuit_termination.example "interface_id=7"
