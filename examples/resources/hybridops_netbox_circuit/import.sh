# By its id.
terraform import hybridops_netbox_circuit.example 5

# By what it is known by.
terraform import hybridops_netbox_circuit.example "provider_id=7,cid=NL-12345"
