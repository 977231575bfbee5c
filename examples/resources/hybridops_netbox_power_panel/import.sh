# By its id.
terraform import hybridops_netbox_power_panel.example 5

# By what it is known by.
terraform import hybridops_netbox_power_panel.example "site_id=7,name=Amsterdam power panel"
