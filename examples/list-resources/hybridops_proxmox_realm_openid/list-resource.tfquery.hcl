list "hybridops_proxmox_realm_openid" "all" {
  provider = hybridops
}
