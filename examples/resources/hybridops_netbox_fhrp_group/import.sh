# By its id.
terraform import hybridops_netbox_fhrp_group.example 5

# By what it is known by.
terraform import hybridops_netbox_fhrp_group.example "protocol=vrrp2,group_id=101"
