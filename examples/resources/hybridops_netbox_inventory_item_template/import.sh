# By its id.
terraform import hybridops_netbox_inventory_item_template.example 5

# By what it is known by.
terraform import hybridops_netbox_inventory_item_template.example "device_type_id=7,parent_id=null,name=Amsterdam inventory item template"
