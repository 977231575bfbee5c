resource "hybridops_proxmox_realm_ldap" "example" {
  realm                 = "people"
  base_dn               = "ou=people,dc=example,dc=com"
  server1               = "ldap.example.com"
  user_attr             = "uid"
  bind_dn               = "cn=proxmox,dc=example,dc=com"
  mode                  = "ldaps"
  password              = "first-password"
  password_version      = 1
  sync_defaults_options = { enable_new = true, remove_vanished = ["acl", "entry"], scope = "both" }
  comment               = "Managed by Terraform"
}
