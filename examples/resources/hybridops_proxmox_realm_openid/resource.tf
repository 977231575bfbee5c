resource "hybridops_proxmox_realm_openid" "example" {
  realm              = "sso"
  issuer_url         = "https://sso.example.com/realms/main"
  client_id          = "proxmox"
  autocreate         = true
  client_key         = "first-key"
  client_key_version = 1
  username_claim     = "username"
  comment            = "Managed by Terraform"
}
