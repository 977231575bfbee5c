# By its id.
terraform import hybridops_netbox_event_rule.example 5

# By what it is known by.
terraform import hybridops_netbox_event_rule.example "Amsterdam event rule"
