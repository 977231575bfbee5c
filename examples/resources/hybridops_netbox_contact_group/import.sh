# By its id.
terraform import hybridops_netbox_contact_group.example 5

# By what it is known by.
terraform import hybridops_netbox_contact_group.example "parent_id=null,name=Amsterdam contact group"
