# By its id.
terraform import hybridops_netbox_l2vpn.example 5

# By what it is known by.
terraform import hybridops_netbox_l2vpn.example "amsterdam"
