# By its id.
terraform import hybridops_netbox_cooling_intake.example 5

# By what it is known by.
terraform import hybridops_netbox_cooling_intake.example "device_id=7,name=Amsterdam cooling intake"
