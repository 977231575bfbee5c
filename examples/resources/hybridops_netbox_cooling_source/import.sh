# By its id.
terraform import hybridops_netbox_cooling_source.example 5

# By what it is known by.
terraform import hybridops_netbox_cooling_source.example "site_id=7,name=Amsterdam cooling source"
