# By its id.
terraform import hybridops_netbox_cluster.example 5

# By what it is known by.
terraform import hybridops_netbox_cluster.example "group_id=null,name=ams1-pve"
