# By its id.
terraform import hybridops_netbox_ip_address.example 5

# By what it is known by.
terraform import hybridops_netbox_ip_address.example "vrf_id=null,address=10.20.0.10/24"
