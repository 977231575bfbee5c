# By its id.
terraform import hybridops_netbox_vlan_group.example 5

# By what it is known by.
terraform import hybridops_netbox_vlan_group.example "scope_id=null,slug=amsterdam"
