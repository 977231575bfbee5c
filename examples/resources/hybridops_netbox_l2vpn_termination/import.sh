# By its id.
terraform import hybridops_netbox_l2vpn_termination.example 5

# By what it is known by.
terraform import hybridops_netbox_l2vpn_termination.example "assigned_object_id=7"
