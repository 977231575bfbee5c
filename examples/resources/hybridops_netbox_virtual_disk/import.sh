# By its id.
terraform import hybridops_netbox_virtual_disk.example 5

# By what it is known by.
terraform import hybridops_netbox_virtual_disk.example "virtual_machine_id=7,name=scsi0"
