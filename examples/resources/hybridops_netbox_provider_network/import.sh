# By its id.
terraform import hybridops_netbox_provider_network.example 5

# By what it is known by.
terraform import hybridops_netbox_provider_network.example "provider_id=7,name=Amsterdam provider network"
