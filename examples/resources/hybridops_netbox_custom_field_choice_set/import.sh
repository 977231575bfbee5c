# By its id.
terraform import hybridops_netbox_custom_field_choice_set.example 5

# By what it is known by.
terraform import hybridops_netbox_custom_field_choice_set.example "Amsterdam custom field choice set"
