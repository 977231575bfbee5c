# By its id.
terraform import hybridops_netbox_contact.example 5

# By what it is known by.
terraform import hybridops_netbox_contact.example "Network operations"
