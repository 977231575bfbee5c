# By its id.
terraform import hybridops_netbox_region.example 5

# By what it is known by.
terraform import hybridops_netbox_region.example "parent_id=null,slug=amsterdam"
