# By its id.
terraform import hybridops_proxmox_realm_openid.example "sso"
