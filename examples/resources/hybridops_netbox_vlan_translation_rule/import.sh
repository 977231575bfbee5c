# By its id.
terraform import hybridops_netbox_vlan_translation_rule.example 5

# By what it is known by.
terraform import hybridops_netbox_vlan_translation_rule.example "policy_id=7,local_vid=10"
