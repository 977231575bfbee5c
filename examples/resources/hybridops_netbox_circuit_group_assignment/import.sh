# By its id.
terraform import hybridops_netbox_circuit_group_assignment.example 5

# By what it is known by.
terraform import hybridops_netbox_circuit_group_assignment.example "group_id=7,member_id=7"
