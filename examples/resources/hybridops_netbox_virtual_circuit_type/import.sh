# By its id.
terraform import hybridops_netbox_virtual_circuit_type.example 5

# By what it is known by.
terraform import hybridops_netbox_virtual_circuit_type.example "amsterdam"
