# By its id.
terraform import hybridops_netbox_module_bay.example 5

# By what it is known by.
terraform import hybridops_netbox_module_bay.example "device_id=7,module_id=null,name=Amsterdam module bay"
