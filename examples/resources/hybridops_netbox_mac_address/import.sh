# By its id.
terraform import hybridops_netbox_mac_address.example 5

# By what it is known by.
terraform import hybridops_netbox_mac_address.example "02:00:5E:10:00:01"
