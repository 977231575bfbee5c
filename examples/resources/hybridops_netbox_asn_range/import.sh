# By its id.
terraform import hybridops_netbox_asn_range.example 5

# By what it is known by.
terraform import hybridops_netbox_asn_range.example "amsterdam"
