resource "hybridops_proxmox_realm_ldap" "example" {
  realm     = "people"
  base_dn   = "ou=people,dc=example,dc=com"
  server1   = "ldap.example.com"
  user_attr = "uid"
}

resource "hybridops_proxmox_realm_sync_job" "example" {
  name            = "people"
  realm           = hybridops_proxmox_realm_ldap.example.realm
  schedule        = "hourly"
  enable_new      = true
  remove_vanished = ["acl", "entry"]
  scope           = "users"
  comment         = "Managed by Terraform"
}
