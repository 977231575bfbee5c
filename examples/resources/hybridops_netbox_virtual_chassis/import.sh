# By its id.
terraform import hybridops_netbox_virtual_chassis.example 5

# By what it is known by.
terraform import hybridops_netbox_virtual_chassis.example "Amsterdam virtual chassis"
