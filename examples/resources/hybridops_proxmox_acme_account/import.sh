# By its id.
terraform import hybridops_proxmox_acme_account.example "default"
