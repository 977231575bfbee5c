# By its id.
terraform import hybridops_netbox_aggregate.example 5

# By what it is known by.
terraform import hybridops_netbox_aggregate.example "10.0.0.0/8"
