# By its id.
terraform import hybridops_netbox_data_source.example 5

# By what it is known by.
terraform import hybridops_netbox_data_source.example "Amsterdam data source"
