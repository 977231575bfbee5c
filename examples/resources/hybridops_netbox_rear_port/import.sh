# By its id.
terraform import hybridops_netbox_rear_port.example 5

# By what it is known by.
terraform import hybridops_netbox_rear_port.example "device_id=7,name=Amsterdam rear port"
