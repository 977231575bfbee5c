# By its id.
terraform import hybridops_netbox_config_template.example 5

# By what it is known by.
terraform import hybridops_netbox_config_template.example "Amsterdam config template"
