# By its id.
terraform import hybridops_netbox_virtual_machine.example 5

# By what it is known by.
terraform import hybridops_netbox_virtual_machine.example "cluster_id=7,tenant_id=null,name=web1"
