list "hybridops_proxmox_realm_ldap" "all" {
  provider = hybridops
}
