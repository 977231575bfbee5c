# By its id.
terraform import hybridops_netbox_inventory_item_role.example 5

# By what it is known by.
terraform import hybridops_netbox_inventory_item_role.example "amsterdam"
