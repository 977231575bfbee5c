# By its id.
terraform import hybridops_netbox_owner.example 5

# By what it is known by.
terraform import hybridops_netbox_owner.example "Amsterdam owner"
