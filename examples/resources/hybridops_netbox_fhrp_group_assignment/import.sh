# By its id.
terraform import hybridops_netbox_fhrp_group_assignment.example 5

# By what it is known by.
terraform import hybridops_netbox_fhrp_group_assignment.example "interface_id=7,group_id=7"
