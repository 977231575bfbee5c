# By its id: userid, tokenid.
terraform import hybridops_proxmox_user_token.example "alice@pve/terraform"
