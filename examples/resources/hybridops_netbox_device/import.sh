# By its id.
terraform import hybridops_netbox_device.example 5

# By what it is known by.
terraform import hybridops_netbox_device.example "site_id=7,tenant_id=null,name=ams1-sw1"
