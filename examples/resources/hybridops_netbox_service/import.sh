# By its id.
terraform import hybridops_netbox_service.example 5

# By what it is known by.
terraform import hybridops_netbox_service.example "parent_object_id=7,name=Amsterdam service"
