# By its id.
terraform import hybridops_netbox_platform.example 5

# By what it is known by.
terraform import hybridops_netbox_platform.example "manufacturer_id=null,slug=amsterdam"
