# By its id.
terraform import hybridops_netbox_tenant.example 5

# By what it is known by.
terraform import hybridops_netbox_tenant.example "group_id=null,slug=amsterdam"
