# By its id.
terraform import hybridops_netbox_custom_link.example 5

# By what it is known by.
terraform import hybridops_netbox_custom_link.example "Amsterdam custom link"
