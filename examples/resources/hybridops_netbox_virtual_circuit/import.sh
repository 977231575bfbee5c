# By its id.
terraform import hybridops_netbox_virtual_circuit.example 5

# By what it is known by.
terraform import hybridops_netbox_virtual_circuit.example "provider_network_id=7,cid=Amsterdam virtual circuit"
