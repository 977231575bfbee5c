# By its id.
terraform import hybridops_netbox_cable_bundle.example 5

# By what it is known by.
terraform import hybridops_netbox_cable_bundle.example "Amsterdam cable bundle"
