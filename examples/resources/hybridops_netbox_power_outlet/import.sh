# By its id.
terraform import hybridops_netbox_power_outlet.example 5

# By what it is known by.
terraform import hybridops_netbox_power_outlet.example "device_id=7,name=Amsterdam power outlet"
