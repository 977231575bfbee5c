# By its id.
terraform import hybridops_netbox_vrf.example 5

# By what it is known by.
terraform import hybridops_netbox_vrf.example "65000:1"
