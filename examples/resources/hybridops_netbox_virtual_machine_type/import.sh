# By its id.
terraform import hybridops_netbox_virtual_machine_type.example 5

# By what it is known by.
terraform import hybridops_netbox_virtual_machine_type.example "amsterdam"
