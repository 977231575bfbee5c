# By its id.
terraform import hybridops_netbox_rack.example 5

# By what it is known by.
terraform import hybridops_netbox_rack.example "location_id=null,name=R12"
