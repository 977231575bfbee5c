# By its id.
terraform import hybridops_netbox_virtual_device_context.example 5

# By what it is known by.
terraform import hybridops_netbox_virtual_device_context.example "device_id=7,name=Amsterdam virtual device context"
