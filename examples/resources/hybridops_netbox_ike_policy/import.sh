# By its id.
terraform import hybridops_netbox_ike_policy.example 5

# By what it is known by.
terraform import hybridops_netbox_ike_policy.example "Amsterdam IKE policy"
