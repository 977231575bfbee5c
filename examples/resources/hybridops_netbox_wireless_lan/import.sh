# By its id.
terraform import hybridops_netbox_wireless_lan.example 5

# By what it is known by.
terraform import hybridops_netbox_wireless_lan.example "office"
