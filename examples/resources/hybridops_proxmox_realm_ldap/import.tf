import {
  to = hybridops_proxmox_realm_ldap.example
  id = "people"
}
