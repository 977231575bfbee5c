# By its id.
terraform import hybridops_netbox_cooling_feed.example 5

# By what it is known by.
terraform import hybridops_netbox_cooling_feed.example "cooling_source_id=7,name=Amsterdam cooling feed"
