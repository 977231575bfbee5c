# By its id.
terraform import hybridops_netbox_prefix.example 5

# By what it is known by.
terraform import hybridops_netbox_prefix.example "vrf_id=null,prefix=10.20.0.0/16"
