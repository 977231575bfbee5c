# By its id.
terraform import hybridops_netbox_ipsec_policy.example 5

# By what it is known by.
terraform import hybridops_netbox_ipsec_policy.example "Amsterdam IPsec policy"
