# By its id.
terraform import hybridops_netbox_object_permission.example 5

# By what it is known by.
terraform import hybridops_netbox_object_permission.example "Amsterdam object permission"
