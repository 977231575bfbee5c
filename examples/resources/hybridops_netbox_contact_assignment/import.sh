# By its id.
terraform import hybridops_netbox_contact_assignment.example 5

# By what it is known by.
terraform import hybridops_netbox_contact_assignment.example "object_id=7,contact_id=7,role_id=7"
