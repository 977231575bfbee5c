# By its id.
terraform import hybridops_netbox_device_role.example 5

# By what it is known by.
terraform import hybridops_netbox_device_role.example "parent_id=null,slug=amsterdam"
