# By its id.
terraform import hybridops_proxmox_sdn_dns_powerdns.example "pdns"
