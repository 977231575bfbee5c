# By its id.
terraform import hybridops_netbox_tunnel_termination.example 5

# By what it is known by.
terraform import hybridops_netbox_tunnel_termination.example "termination_id=7"
