# By its id.
terraform import hybridops_netbox_power_feed.example 5

# By what it is known by.
terraform import hybridops_netbox_power_feed.example "power_panel_id=7,name=Amsterdam power feed"
