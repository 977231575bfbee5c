# By its id.
terraform import hybridops_netbox_ipsec_profile.example 5

# By what it is known by.
terraform import hybridops_netbox_ipsec_profile.example "Amsterdam IPsec profile"
