# By its id.
terraform import hybridops_netbox_device_bay.example 5

# By what it is known by.
terraform import hybridops_netbox_device_bay.example "device_id=7,name=Amsterdam device bay"
