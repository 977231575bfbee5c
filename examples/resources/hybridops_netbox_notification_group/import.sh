# By its id.
terraform import hybridops_netbox_notification_group.example 5
