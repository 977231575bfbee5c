# By its id.
terraform import hybridops_netbox_wireless_link.example 5

# By what it is known by.
terraform import hybridops_netbox_wireless_link.example "interface_a_id=7,interface_b_id=7"
