# By its id.
terraform import hybridops_netbox_service_template.example 5

# By what it is known by.
terraform import hybridops_netbox_service_template.example "Amsterdam service template"
