# By its id.
terraform import hybridops_netbox_location.example 5

# By what it is known by.
terraform import hybridops_netbox_location.example "site_id=7,parent_id=null,slug=amsterdam"
