# By its id.
terraform import hybridops_netbox_cooling_outflow_template.example 5

# By what it is known by.
terraform import hybridops_netbox_cooling_outflow_template.example "device_type_id=7,module_type_id=null,name=Amsterdam cooling outflow template"
