# By its id.
terraform import hybridops_netbox_route_target.example 5

# By what it is known by.
terraform import hybridops_netbox_route_target.example "65000:100"
