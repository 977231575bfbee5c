# By its id.
terraform import hybridops_proxmox_mapping_pci.example "gpu"
