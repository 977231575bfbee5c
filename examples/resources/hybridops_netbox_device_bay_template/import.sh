# By its id.
terraform import hybridops_netbox_device_bay_template.example 5

# By what it is known by.
terraform import hybridops_netbox_device_bay_template.example "device_type_id=7,name=Amsterdam device bay template"
