# By its id.
terraform import hybridops_proxmox_sdn_fabric_openfabric.example "mesh"
