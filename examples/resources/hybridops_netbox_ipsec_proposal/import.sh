# By its id.
terraform import hybridops_netbox_ipsec_proposal.example 5

# By what it is known by.
terraform import hybridops_netbox_ipsec_proposal.example "Amsterdam IPsec proposal"
