# By its id.
terraform import hybridops_netbox_asn.example 5

# By what it is known by.
terraform import hybridops_netbox_asn.example "asn=64512"
