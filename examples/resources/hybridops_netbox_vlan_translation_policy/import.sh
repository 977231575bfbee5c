# By its id.
terraform import hybridops_netbox_vlan_translation_policy.example 5

# By what it is known by.
terraform import hybridops_netbox_vlan_translation_policy.example "Amsterdam VLAN translation policy"
