# By its id.
terraform import hybridops_proxmox_role.example "Operator"
