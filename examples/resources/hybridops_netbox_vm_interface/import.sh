# By its id.
terraform import hybridops_netbox_vm_interface.example 5

# By what it is known by.
terraform import hybridops_netbox_vm_interface.example "virtual_machine_id=7,name=eth0"
