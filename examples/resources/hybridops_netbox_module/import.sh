# By its id.
terraform import hybridops_netbox_module.example 5

# By what it is known by.
terraform import hybridops_netbox_module.example "module_bay_id=7"
