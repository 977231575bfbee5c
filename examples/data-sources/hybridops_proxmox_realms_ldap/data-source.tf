data "hybridops_proxmox_realms_ldap" "all" {
}
