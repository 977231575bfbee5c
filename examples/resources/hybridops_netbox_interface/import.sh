# By its id.
terraform import hybridops_netbox_interface.example 5

# By what it is known by.
terraform import hybridops_netbox_interface.example "device_id=7,name=ge-0/0/0"
