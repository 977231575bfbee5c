# By its id.
terraform import hybridops_netbox_webhook.example 5

# By what it is known by.
terraform import hybridops_netbox_webhook.example "Inventory"
