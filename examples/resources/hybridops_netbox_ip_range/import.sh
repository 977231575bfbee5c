# By its id.
terraform import hybridops_netbox_ip_range.example 5

# By what it is known by.
terraform import hybridops_netbox_ip_range.example "vrf_id=null,start_address=10.20.0.100/24,end_address=10.20.0.199/24"
