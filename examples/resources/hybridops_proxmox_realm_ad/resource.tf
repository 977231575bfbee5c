resource "hybridops_proxmox_realm_ad" "example" {
  realm                 = "corp"
  domain                = "corp.example.com"
  server1               = "dc1.corp.example.com"
  bind_dn               = "cn=proxmox,dc=example,dc=com"
  mode                  = "ldaps"
  password              = "first-password"
  password_version      = 1
  sync_defaults_options = { enable_new = true, remove_vanished = ["acl", "entry"], scope = "both" }
  comment               = "Managed by Terraform"
}
