# By its id.
terraform import hybridops_netbox_provider_account.example 5

# By what it is known by.
terraform import hybridops_netbox_provider_account.example "provider_id=7,account=Amsterdam provider account"
