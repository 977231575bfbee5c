# By its id.
terraform import hybridops_netbox_custom_field.example 5

# By what it is known by.
terraform import hybridops_netbox_custom_field.example "cost_centre"
