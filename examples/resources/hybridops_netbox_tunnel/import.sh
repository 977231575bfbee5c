# By its id.
terraform import hybridops_netbox_tunnel.example 5

# By what it is known by.
terraform import hybridops_netbox_tunnel.example "ams1-fra1"
