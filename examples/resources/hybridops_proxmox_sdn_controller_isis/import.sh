# By its id.
terraform import hybridops_proxmox_sdn_controller_isis.example "isispve1"
