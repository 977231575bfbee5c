# By its id.
terraform import hybridops_netbox_rack_reservation.example 5
