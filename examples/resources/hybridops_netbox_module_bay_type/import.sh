# By its id.
terraform import hybridops_netbox_module_bay_type.example 5

# By what it is known by.
terraform import hybridops_netbox_module_bay_type.example "manufacturer_id=null,slug=amsterdam"
