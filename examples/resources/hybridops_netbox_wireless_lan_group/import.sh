# By its id.
terraform import hybridops_netbox_wireless_lan_group.example 5

# By what it is known by.
terraform import hybridops_netbox_wireless_lan_group.example "amsterdam"
