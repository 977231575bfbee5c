# By its id.
terraform import hybridops_netbox_circuit_provider.example 5

# By what it is known by.
terraform import hybridops_netbox_circuit_provider.example "amsterdam"
