# By its id.
terraform import hybridops_netbox_site_group.example 5

# By what it is known by.
terraform import hybridops_netbox_site_group.example "parent_id=null,slug=amsterdam"
