# By its id: fabric_id, node_id.
terraform import hybridops_proxmox_sdn_fabric_node_openfabric.example "mesh/pve1"
