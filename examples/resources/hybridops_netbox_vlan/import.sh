# By its id.
terraform import hybridops_netbox_vlan.example 5

# By what it is known by.
terraform import hybridops_netbox_vlan.example "group_id=null,vid=120"
