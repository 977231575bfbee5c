# By its id.
terraform import hybridops_netbox_module_type_profile.example 5

# By what it is known by.
terraform import hybridops_netbox_module_type_profile.example "Amsterdam module type profile"
