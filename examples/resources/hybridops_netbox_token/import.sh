# By its id.
terraform import hybridops_netbox_token.example 5
