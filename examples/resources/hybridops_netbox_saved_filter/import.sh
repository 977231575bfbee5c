# By its id.
terraform import hybridops_netbox_saved_filter.example 5

# By what it is known by.
terraform import hybridops_netbox_saved_filter.example "amsterdam"
