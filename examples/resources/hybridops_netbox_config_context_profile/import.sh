# By its id.
terraform import hybridops_netbox_config_context_profile.example 5

# By what it is known by.
terraform import hybridops_netbox_config_context_profile.example "Amsterdam config context profile"
