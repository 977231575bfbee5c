# By its id.
terraform import hybridops_proxmox_sdn_fabric_ospf.example "spine"
