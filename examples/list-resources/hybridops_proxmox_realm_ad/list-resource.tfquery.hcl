list "hybridops_proxmox_realm_ad" "all" {
  provider = hybridops
}
