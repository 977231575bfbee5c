# By its id.
terraform import hybridops_netbox_ike_proposal.example 5

# By what it is known by.
terraform import hybridops_netbox_ike_proposal.example "Amsterdam IKE proposal"
