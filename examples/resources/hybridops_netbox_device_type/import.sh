# By its id.
terraform import hybridops_netbox_device_type.example 5

# By what it is known by.
terraform import hybridops_netbox_device_type.example "manufacturer_id=7,slug=amsterdam"
